"""Arrays with forbidden memory on one side, and a program that runs kernels on them.

``python -m tests.kernels.guarded`` computes products of every width and height from 1
to more than a tile, and of two tiles and more, and convolutions of as many channels;
reading or writing one element too many ends it by a signal. With the name of a dtype,
of that one only.
"""

import ctypes
import itertools
import mmap
import sys

import numpy as np

PROT_NONE = 0
_library = ctypes.CDLL(None, use_errno=True)


def guarded(values, side):
    """Return a copy of an array that ends (or begins) at a forbidden page."""
    values = np.ascontiguousarray(values)
    page = mmap.PAGESIZE
    pages = -(-max(values.nbytes, 1) // page)
    memory = mmap.mmap(-1, (pages + 2) * page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for forbidden in (start, start + (pages + 1) * page):
        if _library.mprotect(ctypes.c_void_p(forbidden), page, PROT_NONE) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")
    offset = page if side == "left" else (pages + 1) * page - values.nbytes
    array = np.frombuffer(memory, values.dtype, values.size, offset)
    array = array.reshape(values.shape)
    array[...] = values
    return array


def dense(rng, dtype, shape, side):
    from scratchnet.kernels import OPERATIONS

    N, inputs, outputs = shape

    def normal(*sizes):
        return rng.standard_normal(sizes).astype(dtype)

    def nan(*sizes):
        return np.full(sizes, np.nan, dtype)

    x, dy = normal(N, inputs), normal(N, outputs)
    weight, bias = normal(inputs, outputs), normal(outputs)
    calls = {
        "dense_forward": ([x, weight, bias], [nan(N, outputs)]),
        "dense_backward_weight": ([x, dy], [nan(inputs, outputs), nan(outputs)]),
        "dense_backward_input": ([dy, weight], [nan(N, inputs)]),
    }
    for name, (arguments, results) in calls.items():
        expected = [result.copy() for result in results]
        OPERATIONS[name].rungs["reference"](*arguments, *expected)
        own = [guarded(array, side) for array in (*arguments, *results)]
        OPERATIONS[name].rungs["direct"](*own)
        length = max(shape) + 2
        for want, got in zip(expected, own[len(arguments) :], strict=True):
            bound = length * np.finfo(dtype).eps * 8 * np.sqrt(length)
            np.testing.assert_allclose(got, want, rtol=0, atol=bound)


def dense_chain(rng, dtype, width, side):
    """Run a chain with a layer of this width, there and back, on whole numbers."""
    from scratchnet.kernels import OPERATIONS

    sizes = [3, width, 5]

    def whole(*shape):
        return rng.integers(-2, 3, shape).astype(dtype)

    def nan(*shapes):
        return tuple(np.full(shape, np.nan, dtype) for shape in shapes)

    shapes = list(itertools.pairwise(sizes))
    x, dz = whole(width, 3), whole(width, 5)
    weights = tuple(whole(*shape) for shape in shapes)
    biases = tuple(whole(size) for size in sizes[1:])
    outputs = [(width, size) for size in sizes[1:]]
    names, biases_of = ("relu", "linear"), [(size,) for size in sizes[1:]]
    calls = {
        "dense_chain_forward": ((x, weights, biases, names), (nan(*outputs),)),
        "dense_chain_backward": (
            (x, weights, names[:1], (whole(width, width),), dz),
            (nan(*shapes), nan(*biases_of), nan(outputs[0]), *nan((width, 3))),
        ),
    }
    for name, (arguments, results) in calls.items():
        rungs, found = OPERATIONS[name].rungs, []
        for rung in ("reference", "direct"):
            own = [_guard(value, side) for value in (*arguments, *results)]
            rungs[rung](*own)
            found.append(own[len(arguments) :])
        for want, got in zip(*found, strict=True):
            for one, other in zip(want, got, strict=True):
                np.testing.assert_array_equal(other, one)


def update_together(rng, dtype, size, side):
    """Update parameters of this size and of another."""
    from scratchnet.kernels import OPERATIONS

    arrays = [
        tuple(rng.random(n).astype(dtype) for n in (size, 3, 20 * size))
        for _ in range(4)
    ]
    averages = tuple(velocity / 2 for velocity in arrays[2])  # no negative variance
    for name, own, rates in (
        ("adam_update", [*arrays, ()], (1e-3, 0.9, 0.999, 1e-7)),
        ("adam_update", [*arrays, averages], (1e-3, 0.9, 0.999, 1e-7)),  # AMSGrad
        ("rmsprop_update", [*arrays, averages], (1e-3, 0.9, 0.5, 1e-7)),
    ):
        found = []
        for rung in ("reference", "loops"):
            columns = [_guard(column, side) for column in own]
            OPERATIONS[name].rungs[rung](*columns, *rates)
            found.append([array for column in columns for array in column])
        for want, got in zip(*found, strict=True):
            # All numbers are below 1, and a few operations old.
            bound = 16 * np.finfo(dtype).eps
            np.testing.assert_allclose(got, want, rtol=0, atol=bound)


def _guard(value, side):
    if isinstance(value, tuple):
        own = [_guard(one, side) for one in value]
        return type(value)(*own) if hasattr(value, "_fields") else tuple(own)
    return guarded(value, side) if isinstance(value, np.ndarray) else value


def convolution(rng, dtype, channels, padded, side):
    """Run all that is made of convolutions, on whole numbers: all rungs agree."""
    from scratchnet.kernels import OPERATIONS
    from scratchnet.kernels.pooled_convolution.operands import (
        Gradients,
        Normalisation,
        Options,
    )

    C, CO = channels
    H, OH = (3, 3) if padded else (6, 4)

    def whole(*sizes):
        return rng.integers(-2, 3, sizes).astype(dtype)

    shapes = {
        **{"x": (1, H, H, C), "dx": (1, H, H, C)},
        **{"weight": (3, 3, C, CO), "d_weight": (3, 3, C, CO)},
        **{name: (1, OH, OH, CO) for name in ("z", "dz")},
        **{name: (1, OH // 2, OH // 2, CO) for name in ("y", "dy", "chosen")},
        "selected": (1, OH // 2, OH // 2, CO),
    }
    given = {name: whole(*shapes.get(name, (CO,))) for name in GIVEN}
    given["z"], given["variance"] = abs(given["z"]), abs(given["variance"]) + 1
    corners = slice(0, OH // 2 * 2, 2)
    given["selected"] = given["z"][:, corners, corners].copy()
    statistics = (given[name] for name in ("mean", "variance", "gamma", "beta"))
    given["normalisation"] = Normalisation(*statistics, 0.25)
    given |= {"strides": (1, 1), "pads": (padded, padded), "pool_size": (2, 2)}
    given["options"] = Options((1, 1), (padded, padded), (2, 2))

    def call(name, rung, before, results, after):
        if name.endswith("_backward"):
            results = [Gradients(*results)]
        OPERATIONS[name].rungs[rung](*before, *results, *after)

    for name, (arguments, results, options) in CALLS.items():
        before = [given[argument] for argument in arguments.split()]
        after = [given[option] for option in options.split()]
        results = [
            np.full(shapes.get(result, (CO,)), np.nan, dtype)
            for result in results.split()
        ]
        expected = [result.copy() for result in results]
        call(name, "reference", before, expected, after)
        before = [_guard(value, side) for value in before]
        for rung in OPERATIONS[name].rungs.keys() & {"direct", "winograd"}:
            got = [guarded(result, side) for result in results]
            call(name, rung, before, got, after)
            for want, result in zip(expected, got, strict=True):
                size = np.abs(want).max() + 9 * max(C, CO)
                bound = 1000 * np.finfo(dtype).eps * size
                np.testing.assert_allclose(result, want, rtol=0, atol=bound)


GIVEN = "x weight bias z dz dy chosen mean variance gamma beta".split()

# Operation: its arguments, its results, its options.
CALLS = {
    "convolution_forward": ("x weight bias", "z", "strides pads"),
    "convolution_backward_weight": ("x dz", "d_weight d_bias", "strides pads"),
    "convolution_backward_input": ("dz weight", "dx", "strides pads"),
    "pooled_convolution_forward": ("x weight bias", "y chosen", "options"),
    "pooled_convolution_backward": (
        "x weight dy chosen",
        "d_weight d_bias dx",
        "options",
    ),
    "measured_convolution_forward": (
        "x weight bias",
        "z mean variance",
        "strides pads",
    ),
    "normalised_pooling_forward": ("z normalisation", "y selected", "pool_size"),
    "normalised_convolution_backward": (
        "x weight z normalisation selected dy",
        "d_weight d_bias dx d_gamma d_beta",
        "options",
    ),
    "normalised_convolution_inference": (
        "x weight bias normalisation",
        "y",
        "options",
    ),
}


def guard_scratch(side):
    """Give kernels memory between guard pages to work in, full of NaN."""
    from scratchnet.foundation import workspace

    def empty(owner, name, shape, dtype):
        return guarded(np.full(shape, np.nan, dtype), side)

    workspace.empty = empty


def main(dtypes):
    from scratchnet.kernels.machine.processor import VECTOR_BYTES
    from scratchnet.kernels.machine.tile import TILES

    rng = np.random.default_rng(0)
    for dtype in dtypes:
        lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
        widest = max(vectors for _, vectors in TILES) * lanes
        tallest = max(rows for rows, _ in TILES)
        for side in ("left", "right"):
            guard_scratch(side)
            # A tile's every part; one beside a whole tile; two tiles, and one.
            for width in (*range(1, widest + lanes + 2), 2 * widest, 2 * widest + 1):
                dense(rng, dtype, (3, 2, width), side)
                dense_chain(rng, dtype, width, side)
                update_together(rng, dtype, width, side)
                convolution(rng, dtype, (9, width), width % 2, side)
                convolution(rng, dtype, (width, 8), width % 2, side)
            for height in range(1, 2 * tallest + 2):
                for width in (lanes, widest):
                    dense(rng, dtype, (height, 5, width + 1), side)
    print("no access outside")


if __name__ == "__main__":
    main(sys.argv[1:] or ["float32", "float64"])
