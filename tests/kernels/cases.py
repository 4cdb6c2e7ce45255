"""For every operation: arguments to call it with, and how exact its results must be.

A case is built by ``CASES[operation](pick, rng, dtype)``, where ``pick`` chooses from
a list, in ascending order of size: hypothesis, a generator, or "always the last".

How exact: the reference is run in float64 on the same values, and for each result
there is a bound on what rounding may do in the dtype under test. A sum of K products,
in any order, is off by at most about K·eps times the sum of their absolute values
(Higham, 2002, "Accuracy and stability of numerical algorithms", section 3.1); where
that sum is itself the result of an operation on absolute values, it is computed so.
"""

import copy
import functools
import inspect
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scratchnet.kernels import FILL_MODES, FORMULAS, INTERPOLATIONS, OPERATIONS
from scratchnet.kernels.convolution.winograd import suits
from scratchnet.kernels.pooled_convolution.operands import (
    Gradients,
    Normalisation,
    Options,
)
from tests.kernels import winograd

DTYPES = (np.float32, np.float64)
FLOATS = {np.dtype(dtype) for dtype in DTYPES}


@dataclass
class Case:
    operation: str
    arguments: dict  # without the written ones
    written: dict  # name → shape; filled with NaN before the call
    bound: Callable  # float64 arguments and results → name → tolerance
    updated: tuple = ()  # arguments that are changed in place
    dtype: type = np.float32
    winograd: Callable | None = None  # the bound of the rung of that name, if another

    def run(self, implementation, dtype=None, read_only=False):
        """Call an implementation; return (results by name, what it returned).

        With a dtype, float arrays are cast to it first. Inputs must come out as they
        went in.
        """
        dtype = dtype or self.dtype
        call = {}
        for name in inspect.signature(implementation).parameters:
            if name in self.written:
                call[name] = _filled(self.written[name], dtype)
                continue
            frozen = read_only and name not in self.updated
            call[name] = _cast(self.arguments[name], dtype, frozen)
        inputs = {
            name: copy.deepcopy(call[name])
            for name in call.keys() & self.arguments.keys() - set(self.updated)
        }
        returned = implementation(*call.values())
        for name, value in one_by_one(inputs).items():
            if isinstance(value, np.ndarray):
                now = one_by_one(call)[name]
                np.testing.assert_array_equal(now, value, f"{name} was changed")
        results = {name: call[name] for name in (*self.written, *self.updated)}
        return one_by_one(results), returned

    def check(self, *implementations, read_only=False):
        """Compare implementations with the reference in float64."""
        reference = OPERATIONS[self.operation].rungs["reference"]
        expected, returned = self.run(reference, np.float64)
        wide = {
            name: _cast(value, np.float64, read_only=False)
            for name, value in self.arguments.items()
        }
        bounds = self.bound(wide, expected)
        for implementation in implementations:
            own = bounds
            if self.winograd and implementation.__name__.endswith("_winograd"):
                own = bounds | self.winograd(wide, expected)
            results, also_returned = self.run(implementation, read_only=read_only)
            assert returned == also_returned
            self.compare(implementation, results, expected, own)

    def compare(self, implementation, results, expected, bounds):
        """See that no result is further off than its bound."""
        for name, result in results.items():
            assert result.dtype == self.dtype
            error = np.abs(result.astype(np.float64) - expected[name])
            excess = error - bounds[name]
            where = np.unravel_index(np.argmax(excess), excess.shape)
            assert np.all(error <= bounds[name]), (
                f"{implementation.__name__}: {name}{list(where)} is "
                f"{result[where]}, expected {expected[name][where]}, "
                f"error {error[where]:.3g}, "
                f"allowed {np.broadcast_to(bounds[name], error.shape)[where]:.3g}"
            )


def _filled(shape, dtype):
    """Return an array of NaN, or one for each of several shapes."""
    if isinstance(shape, list):
        return tuple(_filled(one, dtype) for one in shape)
    if isinstance(shape, Gradients):
        return Gradients(*(_filled(one, dtype) for one in shape))
    return None if shape is None else np.full(shape, np.nan, dtype)


def _cast(value, dtype, read_only):
    """Return a copy of an argument with its floats in a dtype."""
    if isinstance(value, tuple):
        made = tuple(_cast(one, dtype, read_only) for one in value)
        return type(value)(*made) if hasattr(value, "_fields") else made
    if isinstance(value, np.ndarray):
        value = value.astype(dtype if value.dtype in FLOATS else value.dtype)
        value.flags.writeable = not read_only
    return value


def one_by_one(values):
    """Name the arrays of a tuple: ``outputs[0]``, ``outputs[1]``, ... or by its fields.

    What is None is left out.
    """
    found = {}
    for name, value in values.items():
        if hasattr(value, "_fields"):
            fields = value._asdict().items()
            found |= {name: one for name, one in fields if one is not None}
        elif isinstance(value, tuple) and all(isinstance(v, np.ndarray) for v in value):
            found |= {f"{name}[{i}]": one for i, one in enumerate(value)}
        else:
            found[name] = value
    return found


CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def eps(dtype):
    return float(np.finfo(dtype).eps)


def reference_of_absolutes(operation, arguments, written):
    """Run the reference on absolute values: the size of each result's terms."""
    absolutes = {
        name: np.abs(value) if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }
    results, _ = Case(operation, absolutes, written, None).run(
        OPERATIONS[operation].rungs["reference"], np.float64
    )
    return results


def exact(wide, expected):
    return {name: 0.0 for name in expected}


# Convolution and pooling.


def windows(pick, smallest=1):
    """Pick a map, windows on it, and the output plane, padded as Keras pads."""
    plane, size, strides, pads, output = [], [], [], [], []
    padding = pick(["valid", "same"])
    for _ in range(2):
        window = pick([1, 2, 3, 4])
        stride = pick([1, 2, 3, 5])
        length = pick([1, 2, 5, 6, 9])
        if padding == "valid":
            length = max(length, window)
            count, before = (length - window) // stride + 1, 0
        else:
            count = -(-length // stride)
            before = max(0, (count - 1) * stride + window - length) // 2
        for values, value in zip(
            (plane, size, strides, pads, output),
            (length, window, stride, before, count),
            strict=True,
        ):
            values.append(value)
    return tuple(map(tuple, (plane, size, strides, pads, output)))


ANY_WINDOWS, WINOGRAD = "any windows", "windows for winograd"


def convolution(pick):
    """Pick shapes; half of them suit the rung `winograd`."""
    if pick([ANY_WINDOWS, WINOGRAD]) == ANY_WINDOWS:
        (H, W), (KH, KW), strides, pads, (OH, OW) = windows(pick)
        N, C, CO = pick([1, 2, 3, 11]), pick([1, 3, 10]), pick([1, 3, 10, 17])
    else:
        KH, KW, strides = 3, 3, (1, 1)
        H, W = pick([3, 4, 5, 6, 11]), pick([4, 5, 3, 8, 10])
        before = pick([0, 1])  # "valid", "same"
        pads, OH, OW = (before, before), H - 2 + 2 * before, W - 2 + 2 * before
        N, C, CO = pick([1, 2, 3, 20]), pick([8, 11, 17]), pick([8, 9, 35])
    shapes = {
        "x": (N, H, W, C),
        "weight": (KH, KW, C, CO),
        "bias": (CO,),
        "y": (N, OH, OW, CO),
    }
    return shapes, {"strides": strides, "pads": pads}


def sum_of_products(operation, written, dtype, length):
    def bound(wide, expected):
        sizes = reference_of_absolutes(operation, wide, written)
        return {
            name: (length[name] + 2) * eps(dtype) * sizes[name] for name in expected
        }

    return bound


# How winograd rounds. On the way to a result lie a sum of products, and up to 14
# additions in the transforms: 4 of the kernel and 2 of the input, two dimensions of
# two and of one; 4 of the output and its bias, or of the input's gradient, where 4
# tiles overlap. Factors of 1/2 are exact. Two more are for products of roundings.
TRANSFORMS = 16


def winograd_rounding(shapes, options, dtype, length):
    """Return eps times the roundings on the way to a result, or None: no Winograd."""
    if suits(shapes["weight"], options["strides"]):
        return (length + TRANSFORMS) * eps(dtype)
    return None


def beside(plain, rounding, sizes):
    """Return the bound for winograd: its own, and the float64 reference's."""
    if rounding is None:
        return None

    def bound(wide, expected):
        reference, ratio = plain(wide, expected), eps(np.float64) / eps(np.float32)
        return {
            name: rounding * size + ratio * reference[name]
            for name, size in sizes(wide).items()
        }

    return bound


def tiles_of(shapes):
    N, OH, OW, _ = shapes["y"]
    return N * -(-OH // 2) * -(-OW // 2)


@case
def convolution_forward(pick, rng, dtype):
    shapes, options = convolution(pick)
    arguments = {k: normal(rng, dtype, *shapes[k]) for k in ("x", "weight", "bias")}
    KH, KW, C, _ = shapes["weight"]
    written = {"y": shapes["y"]}
    name = "convolution_forward"
    bound = sum_of_products(name, written, dtype, {"y": KH * KW * C + 1})

    def sizes(wide):
        x, weight, bias = (np.abs(wide[k]) for k in ("x", "weight", "bias"))
        size = winograd.forward(x, weight, shapes["y"], options["pads"], winograd.SIZES)
        return {"y": size + bias}

    rounding = winograd_rounding(shapes, options, dtype, C)
    own = beside(bound, rounding, sizes)
    return Case(name, arguments | options, written, bound, (), dtype, own)


@case
def convolution_backward_weight(pick, rng, dtype):
    shapes, options = convolution(pick)
    arguments = {
        "x": normal(rng, dtype, *shapes["x"]),
        "dy": normal(rng, dtype, *shapes["y"]),
    }
    written = {"d_weight": shapes["weight"], "d_bias": shapes["bias"]}
    length = int(np.prod(shapes["y"][:3]))
    lengths = {"d_weight": length, "d_bias": length}
    name = "convolution_backward_weight"
    bound = sum_of_products(name, written, dtype, lengths)

    def sizes(wide):
        x, dy = np.abs(wide["x"]), np.abs(wide["dy"])
        size = winograd.weight_gradient(x, dy, options["pads"], winograd.SIZES)
        return {"d_weight": size}

    rounding = winograd_rounding(shapes, options, dtype, tiles_of(shapes))
    own = beside(bound, rounding, sizes)
    return Case(name, arguments | options, written, bound, (), dtype, own)


@case
def convolution_backward_input(pick, rng, dtype):
    shapes, options = convolution(pick)
    arguments = {
        "dy": normal(rng, dtype, *shapes["y"]),
        "weight": normal(rng, dtype, *shapes["weight"]),
    }
    KH, KW, _, CO = shapes["weight"]
    written = {"dx": shapes["x"]}
    name = "convolution_backward_input"
    bound = sum_of_products(name, written, dtype, {"dx": KH * KW * CO})

    def sizes(wide):
        dy, weight = np.abs(wide["dy"]), np.abs(wide["weight"])
        size = winograd.input_gradient(
            dy, weight, shapes["x"], options["pads"], winograd.SIZES
        )
        return {"dx": size}

    rounding = winograd_rounding(shapes, options, dtype, CO)
    own = beside(bound, rounding, sizes)
    return Case(name, arguments | options, written, bound, (), dtype, own)


def spread_windows(pick):
    """Pick windows with gaps, and output planes, as Keras has them."""
    dilation = pick([(1, 1), (2, 1), (2, 3)])
    strides = pick([(1, 1), (2, 2), (1, 3)]) if dilation == (1, 1) else (1, 1)
    size, padding = pick([(1, 1), (3, 3), (2, 4)]), pick(["valid", "same"])
    plane, pads, output = [], [], []
    for K, S, D in zip(size, strides, dilation, strict=True):
        span, length = (K - 1) * D + 1, pick([1, 2, 5, 6, 11])
        if padding == "valid":
            length = max(length, span)
            count, before = (length - span) // S + 1, 0
        else:
            count = -(-length // S)
            before = max(0, (count - 1) * S + span - length) // 2
        for values, value in ((plane, length), (pads, before), (output, count)):
            values.append(value)
    options = {"strides": strides, "pads": tuple(pads), "dilation": dilation}
    return plane, size, output, options


def grouped_convolution(pick):
    plane, size, output, options = spread_windows(pick)
    groups, N = pick([1, 2, 3]), pick([1, 2, 11])
    C, CO = pick([1, 3, 10]), pick([1, 3, 17])
    shapes = {
        "x": (N, *plane, groups * C),
        "weight": (*size, C, groups * CO),
        "bias": (groups * CO,),
        "y": (N, *output, groups * CO),
    }
    return shapes, options | {"groups": groups}


def depthwise_convolution(pick):
    plane, size, output, options = spread_windows(pick)
    N, C, M = pick([1, 2, 11]), pick([1, 3, 10, 35]), pick([1, 3])
    shapes = {
        "x": (N, *plane, C),
        "weight": (*size, C, M),
        "bias": (C * M,),
        "y": (N, *output, C * M),
    }
    return shapes, options


def forward_case(name, draw, pick, rng, dtype):
    shapes, options = draw(pick)
    arguments = {k: normal(rng, dtype, *shapes[k]) for k in ("x", "weight", "bias")}
    written = {"y": shapes["y"]}
    length = {"y": int(np.prod(shapes["weight"][:3])) + 1}
    bound = sum_of_products(name, written, dtype, length)
    return Case(name, arguments | options, written, bound, (), dtype)


def backward_weight_case(name, draw, pick, rng, dtype):
    shapes, options = draw(pick)
    arguments = {
        "x": normal(rng, dtype, *shapes["x"]),
        "dy": normal(rng, dtype, *shapes["y"]),
    }
    written = {"d_weight": shapes["weight"], "d_bias": shapes["bias"]}
    bound = sum_of_products(
        name, written, dtype, dict.fromkeys(written, int(np.prod(shapes["y"][:3])))
    )
    return Case(name, arguments | options, written, bound, (), dtype)


def backward_input_case(name, draw, pick, rng, dtype):
    shapes, options = draw(pick)
    arguments = {
        "dy": normal(rng, dtype, *shapes["y"]),
        "weight": normal(rng, dtype, *shapes["weight"]),
    }
    KH, KW, *_ = shapes["weight"]
    written = {"dx": shapes["x"]}
    bound = sum_of_products(name, written, dtype, {"dx": KH * KW * shapes["y"][3]})
    return Case(name, arguments | options, written, bound, (), dtype)


for _draw in (grouped_convolution, depthwise_convolution):
    for _end, _make in (
        ("forward", forward_case),
        ("backward_weight", backward_weight_case),
        ("backward_input", backward_input_case),
    ):
        _name = f"{_draw.__name__}_{_end}"
        CASES[_name] = functools.partial(_make, _name, _draw)


def pooling(pick):
    (H, W), pool_size, strides, pads, (OH, OW) = windows(pick)
    N, C = pick([1, 2, 3]), pick([1, 3, 10, 33])
    options = {"pool_size": pool_size, "strides": strides, "pads": pads}
    return (N, H, W, C), (N, OH, OW, C), options


@case
def max_pooling_forward(pick, rng, dtype):
    inputs, outputs, options = pooling(pick)
    arguments = {"x": ties(rng, dtype, inputs)}
    return Case(
        "max_pooling_forward", arguments | options, {"y": outputs}, exact, (), dtype
    )


def ties(rng, dtype, shape):
    """Draw few different values, so that windows have several maxima."""
    return rng.integers(-2, 3, shape).astype(dtype)


@case
def max_pooling_backward(pick, rng, dtype):
    inputs, outputs, options = pooling(pick)
    x = ties(rng, dtype, inputs)
    y = np.empty(outputs, dtype)
    OPERATIONS["max_pooling_forward"].rungs["reference"](x, y, **options)
    arguments = {"x": x, "y": y, "dy": normal(rng, dtype, *outputs)}
    written = {"dx": inputs}
    window = int(np.prod(options["pool_size"]))

    def bound(wide, expected):
        # Linear in dy alone: x and y only say where it goes.
        sizes, _ = Case(
            "max_pooling_backward", wide | {"dy": np.abs(wide["dy"])}, written, None
        ).run(OPERATIONS["max_pooling_backward"].rungs["reference"], np.float64)
        return {"dx": window * eps(dtype) * sizes["dx"]}

    return Case("max_pooling_backward", arguments | options, written, bound, (), dtype)


def adjoining(pick):
    """Pick maps and windows that lie side by side, with pixels that none reaches."""
    N, C = pick([1, 2, 3]), pick([1, 3, 10, 33])
    size = pick([1, 2, 3]), pick([1, 2, 3])
    counts = pick([1, 2, 4]), pick([1, 2, 4])
    H, W = (s * n + pick([0, s - 1]) for s, n in zip(size, counts, strict=True))
    return (N, H, W, C), (N, *counts, C), {"pool_size": size}


@case
def normalised_pooling_forward(pick, rng, dtype):
    inputs, outputs, options = adjoining(pick)
    arguments = {
        "normalisation": normalisation(rng, dtype, inputs[-1]),
        "z": rectified(rng, dtype, inputs),
    }

    def bound(wide, expected):
        return {
            "y": 8
            * eps(dtype)
            * normalised_sizes(wide, wide["z"], outputs, options["pool_size"]),
            "selected": 0.0,
        }

    written = {"y": outputs, "selected": outputs}
    name = "normalised_pooling_forward"
    return Case(name, arguments | options, written, bound, (), dtype)


def rectified(rng, dtype, shape):
    """Draw whole numbers from 0 on, many of them equal."""
    return np.maximum(rng.integers(-3, 7, shape), 0).astype(dtype)


def normalisation(rng, dtype, C):
    """Draw what batch normalisation takes.

    A gamma is 0, where all of a window are equal, or not near it: whole numbers stay
    so far apart that rounding makes none of them overtake another.
    """
    gamma = rng.choice([-1, 1], C) * (1 + np.abs(normal(rng, dtype, C)))
    gamma[1:2] = 0
    return Normalisation(
        mean=normal(rng, dtype, C),
        variance=1 + np.square(normal(rng, dtype, C)),
        gamma=gamma.astype(dtype),
        beta=normal(rng, dtype, C),
        epsilon=1e-3,
    )


def normalised_sizes(wide, z, outputs, pool_size):
    """Return the largest size of a window's terms: a maximum is off by no more."""
    own = wide["normalisation"]
    own = own._replace(
        mean=-np.abs(own.mean), gamma=np.abs(own.gamma), beta=np.abs(own.beta)
    )
    sizes = {"z": np.abs(z), "normalisation": own, "pool_size": pool_size}
    written = {"y": outputs, "selected": outputs}
    largest, _ = Case("normalised_pooling_forward", sizes, written, None).run(
        OPERATIONS["normalised_pooling_forward"].rungs["reference"], np.float64
    )
    return largest["y"]


# Convolutions with what follows them. Whole numbers: every product and sum, Winograd's
# halves and quarters too, is exact in float32, whatever the order.


def whole(rng, dtype, shape):
    return rng.integers(-2, 3, shape).astype(dtype)


def pooled(pick, rng, dtype):
    """Pick a convolution of whole numbers, and pooling of what comes out of it."""
    shapes, windows = convolution(pick)
    N, OH, OW, CO = shapes["y"]
    pool_size = min(pick([1, 2, 3]), OH), min(pick([2, 1, 3]), OW)
    outputs = N, OH // pool_size[0], OW // pool_size[1], CO
    arguments = {k: whole(rng, dtype, shapes[k]) for k in ("x", "weight", "bias")}
    return shapes, outputs, arguments, Options(**windows, pool_size=pool_size)


@case
def pooled_convolution_forward(pick, rng, dtype):
    _, outputs, arguments, options = pooled(pick, rng, dtype)
    arguments["options"] = options
    written = {"y": outputs, "chosen": outputs}
    return Case("pooled_convolution_forward", arguments, written, exact, (), dtype)


@case
def pooled_convolution_backward(pick, rng, dtype):
    shapes, outputs, arguments, options = pooled(pick, rng, dtype)
    del arguments["bias"]
    arguments["options"] = options
    pixels = int(np.prod(options.pool_size))
    arguments["dy"] = whole(rng, dtype, outputs)
    arguments["chosen"] = rng.integers(-1, pixels, outputs).astype(dtype)
    gradients = Gradients(shapes["weight"], shapes["bias"], shapes["x"])
    name, written = "pooled_convolution_backward", {"gradients": gradients}
    return Case(name, arguments, written, exact, (), dtype)


@case
def measured_convolution_forward(pick, rng, dtype):
    shapes, _, arguments, options = pooled(pick, rng, dtype)
    arguments |= {"strides": options.strides, "pads": options.pads}
    N, OH, OW, CO = shapes["y"]

    def bound(wide, expected):
        # Each image's statistics are sums over its pixels; then images are merged.
        rounding = (OH * OW + N + 4) * eps(dtype)
        d_mean = rounding * expected["mean"]  # nothing is negative in z
        for_images = rounding * expected["z"].mean(axis=(1, 2)).max(axis=0)
        # (z − m − δ)², and squares of the images' own deviations, off by δ each.
        spread = expected["variance"]
        d_variance = 2 * rounding * spread + 4 * np.sqrt(spread) * for_images
        return {
            "z": 0.0,
            "mean": d_mean,
            "variance": d_variance + 4 * for_images**2,
        }

    written = {"z": shapes["y"], "mean": (CO,), "variance": (CO,)}
    name = "measured_convolution_forward"
    return Case(name, arguments, written, bound, (), dtype)


@case
def normalised_convolution_inference(pick, rng, dtype):
    shapes, outputs, arguments, options = pooled(pick, rng, dtype)
    arguments["options"] = options
    arguments["normalisation"] = normalisation(rng, dtype, outputs[-1])

    def bound(wide, expected):
        z = np.maximum(convolved(wide, shapes["y"]), 0)
        sizes = normalised_sizes(wide, z, outputs, options.pool_size)
        return {"y": 8 * eps(dtype) * sizes}

    name = "normalised_convolution_inference"
    return Case(name, arguments, {"y": outputs}, bound, (), dtype)


def convolved(arguments, shape):
    """Return what a pooled convolution pools."""
    strides, pads, _ = arguments["options"]
    arguments = arguments | {"strides": strides, "pads": pads}
    results, _ = Case("convolution_forward", arguments, {"y": shape}, None).run(
        OPERATIONS["convolution_forward"].rungs["reference"], np.float64
    )
    return results["y"]


@case
def normalised_convolution_backward(pick, rng, dtype):
    shapes, outputs, arguments, options = pooled(pick, rng, dtype)
    arguments |= {"options": options, "pool_size": options.pool_size}
    z = np.maximum(convolved(arguments, shapes["y"]), 0)
    arguments["normalisation"] = normalisation(rng, dtype, outputs[-1])
    arguments["z"], arguments["dy"] = z.astype(dtype), normal(rng, dtype, *outputs)
    written = {"y": outputs, "selected": outputs}
    forward, _ = Case("normalised_pooling_forward", arguments, written, None).run(
        OPERATIONS["normalised_pooling_forward"].rungs["reference"], np.float64
    )
    arguments["selected"] = forward["selected"].astype(dtype)
    del arguments["bias"], arguments["pool_size"]
    M, windows = np.prod(shapes["y"][:3]), np.prod(outputs[:3])
    KH, KW, _, CO = shapes["weight"]
    strides, pads, pool_size = options

    def sums(wide):
        """Return r, and bounds of d_beta's and d_gamma's terms."""
        own = wide["normalisation"]
        r = 1 / np.sqrt(own.variance + own.epsilon)
        spread = np.abs(wide["selected"]) + np.abs(own.mean)
        dy = np.abs(wide["dy"])
        return r, dy.sum(axis=(0, 1, 2)), r * (dy * spread).sum(axis=(0, 1, 2))

    rounding = (windows + 12) * eps(dtype)

    def dz_size(wide):
        """Return the size of what dz is made of; it is off by ``rounding`` of that."""
        r, beta_size, gamma_size = sums(wide)
        own = wide["normalisation"]
        spread = np.abs(wide["z"]) + np.abs(own.mean)
        arrived = np.zeros(shapes["y"])
        PH, PW = (
            count * size for count, size in zip(outputs[1:3], pool_size, strict=True)
        )
        arrived[:, :PH, :PW] = (
            np.abs(wide["dy"]).repeat(pool_size[0], axis=1).repeat(pool_size[1], axis=2)
        )
        size = arrived + beta_size / M + spread * r * gamma_size / M
        return np.abs(own.gamma) * r * size * (wide["z"] > 0)

    def of_sums(wide):
        _, beta_size, gamma_size = sums(wide)
        return {"d_beta": rounding * beta_size, "d_gamma": rounding * gamma_size}

    def bound(wide, expected):
        dz = dz_size(wide)
        sizes = {"d_weight": np.empty(shapes["weight"]), "d_bias": np.empty(CO)}
        sizes["dx"] = np.empty(shapes["x"])
        reference = (
            OPERATIONS[f"convolution_backward_{which}"].rungs["reference"]
            for which in ("weight", "input")
        )
        x, weight = np.abs(wide["x"]), np.abs(wide["weight"])
        next(reference)(x, dz, sizes["d_weight"], sizes["d_bias"], strides, pads)
        next(reference)(dz, weight, sizes["dx"], strides, pads)
        length = {"d_weight": M, "d_bias": M, "dx": KH * KW * CO}
        return of_sums(wide) | {
            name: (rounding + (length[name] + 2) * eps(dtype)) * size
            for name, size in sizes.items()
        }

    def own(wide, expected):
        x, weight, dz = np.abs(wide["x"]), np.abs(wide["weight"]), dz_size(wide)
        d_weight = winograd.weight_gradient(x, dz, pads, winograd.SIZES)
        dx = winograd.input_gradient(dz, weight, x.shape, pads, winograd.SIZES)
        plain, ratio = bound(wide, expected), eps(np.float64) / eps(np.float32)
        tiles = (tiles_of(shapes) + TRANSFORMS) * eps(dtype)
        channels = (CO + TRANSFORMS) * eps(dtype)
        return {
            "d_weight": (rounding + tiles) * d_weight + ratio * plain["d_weight"],
            "dx": (rounding + channels) * dx + ratio * plain["dx"],
        }

    gradients = Gradients(shapes["weight"], (CO,), shapes["x"], (CO,), (CO,))
    name, written = "normalised_convolution_backward", {"gradients": gradients}
    suitable = own if suits(shapes["weight"], strides) else None
    return Case(name, arguments, written, bound, (), dtype, suitable)


@case
def average_pooling_forward(pick, rng, dtype):
    inputs, outputs, options = pooling(pick)
    arguments = {"x": normal(rng, dtype, *inputs)}
    written = {"y": outputs}
    length = {"y": int(np.prod(options["pool_size"]))}
    bound = sum_of_products("average_pooling_forward", written, dtype, length)
    return Case(
        "average_pooling_forward", arguments | options, written, bound, (), dtype
    )


@case
def average_pooling_backward(pick, rng, dtype):
    inputs, outputs, options = pooling(pick)
    arguments = {"dy": normal(rng, dtype, *outputs)}
    written = {"dx": inputs}
    length = {"dx": int(np.prod(options["pool_size"]))}
    bound = sum_of_products("average_pooling_backward", written, dtype, length)
    return Case(
        "average_pooling_backward", arguments | options, written, bound, (), dtype
    )


def upsampling(pick):
    size = pick([1, 2, 3]), pick([1, 2, 4])
    H, W = pick([1, 2, 3, 6]), pick([1, 2, 5])
    N, C = pick([1, 2, 3]), pick([1, 3, 10, 33])
    return (N, H, W, C), (N, H * size[0], W * size[1], C), {"size": size}


@case
def upsampling_forward(pick, rng, dtype):
    inputs, outputs, options = upsampling(pick)
    arguments = {"x": normal(rng, dtype, *inputs)} | options
    return Case("upsampling_forward", arguments, {"y": outputs}, exact, (), dtype)


@case
def bilinear_forward(pick, rng, dtype):
    inputs, outputs, options = upsampling(pick)
    arguments = {"x": normal(rng, dtype, *inputs)} | options
    written = {"y": outputs}
    # Each share is a product of two, which are rounded themselves.
    bound = sum_of_products("bilinear_forward", written, dtype, {"y": 4 + 3})
    return Case("bilinear_forward", arguments, written, bound, (), dtype)


def upsampling_backward_case(name, shares, pick, rng, dtype):
    inputs, outputs, options = upsampling(pick)
    arguments = {"dy": normal(rng, dtype, *outputs)} | options
    written = {"dx": inputs}
    length = {"dx": shares * int(np.prod(options["size"])) + 3}
    bound = sum_of_products(name, written, dtype, length)
    return Case(name, arguments, written, bound, (), dtype)


@case
def upsampling_backward(pick, rng, dtype):
    return upsampling_backward_case("upsampling_backward", 1, pick, rng, dtype)


@case
def bilinear_backward(pick, rng, dtype):
    return upsampling_backward_case("bilinear_backward", 4, pick, rng, dtype)


# Dense.


def dense(pick):
    return pick([1, 2, 5, 40]), pick([1, 3, 10, 70]), pick([1, 3, 10, 33])


@case
def dense_forward(pick, rng, dtype):
    N, inputs, outputs = dense(pick)
    arguments = {
        "x": normal(rng, dtype, N, inputs),
        "weight": normal(rng, dtype, inputs, outputs),
        "bias": normal(rng, dtype, outputs),
    }
    written = {"y": (N, outputs)}
    bound = sum_of_products("dense_forward", written, dtype, {"y": inputs + 1})
    return Case("dense_forward", arguments, written, bound, (), dtype)


@case
def dense_backward_weight(pick, rng, dtype):
    N, inputs, outputs = dense(pick)
    arguments = {
        "x": normal(rng, dtype, N, inputs),
        "dy": normal(rng, dtype, N, outputs),
    }
    written = {"d_weight": (inputs, outputs), "d_bias": (outputs,)}
    lengths = {"d_weight": N, "d_bias": N}
    bound = sum_of_products("dense_backward_weight", written, dtype, lengths)
    return Case("dense_backward_weight", arguments, written, bound, (), dtype)


@case
def dense_backward_input(pick, rng, dtype):
    N, inputs, outputs = dense(pick)
    arguments = {
        "dy": normal(rng, dtype, N, outputs),
        "weight": normal(rng, dtype, inputs, outputs),
    }
    written = {"dx": (N, inputs)}
    bound = sum_of_products("dense_backward_input", written, dtype, {"dx": outputs})
    return Case("dense_backward_input", arguments, written, bound, (), dtype)


@case
def dense_chain_forward(pick, rng, dtype):
    N, inputs, outputs = dense(pick)
    # The last one is large enough for several threads.
    sizes = [inputs, outputs, *pick([(), (5,), (70, 3), (400, 40)])]
    weights, biases = [], []
    for before, after in itertools.pairwise(sizes):
        weights.append(normal(rng, dtype, before, after) / before**0.5)
        biases.append(normal(rng, dtype, after))
    last = pick(["linear", "relu", "softmax"])
    activations = ("relu",) * (len(weights) - 1) + (last,)
    arguments = {
        "x": normal(rng, dtype, N, inputs),
        "weights": tuple(weights),
        "biases": tuple(biases),
        "activations": activations,
    }
    written = {"outputs": [(N, size) for size in sizes[1:]]}

    def bound(wide, expected):
        """Add to what a layer rounds what it makes of its input's error."""
        x, error, bounds = wide["x"], 0.0, {}
        for layer, (name, weight) in enumerate(
            zip(expected, wide["weights"], strict=True)
        ):
            size = np.abs(x) @ np.abs(weight) + np.abs(wide["biases"][layer])
            error = error @ np.abs(weight) if layer else 0.0
            error = error + (len(weight) + 1) * eps(dtype) * (size + error)
            x = expected[name]
            bounds[name] = error
            if activations[layer] == "softmax":
                # |dy[c]| ≤ y[c]·(|dz[c]| + ∑ y·|dz|), and second-order terms.
                error = np.broadcast_to(error, x.shape)
                first = error + (x * error).sum(axis=1, keepdims=True)
                rounding = (x.shape[1] + 8) * eps(dtype)
                bounds[name] = x * (np.expm1(2 * first) + rounding)
        return bounds

    name = "dense_chain_forward"
    return Case(name, arguments, written, bound, (), dtype)


@case
def dense_chain_backward(pick, rng, dtype):
    # Whole numbers: every sum is exact, whatever its order.
    N, inputs, outputs = dense(pick)
    sizes = [inputs, outputs, *pick([(), (5,), (70, 3), (400, 40)])]
    inner = sizes[1:-1]
    shapes = list(itertools.pairwise(sizes))
    arguments = {
        "x": whole(rng, dtype, (N, inputs)),
        "weights": tuple(whole(rng, dtype, shape) for shape in shapes),
        "activations_between": tuple(pick(["linear", "relu"]) for _ in inner),
        "between": tuple(whole(rng, dtype, (N, size)) for size in inner),
        "dz": whole(rng, dtype, (N, sizes[-1])),
    }
    written = {
        "d_weights": shapes,
        "d_biases": [(size,) for size in sizes[1:]],
        "d_between": [(N, size) for size in inner],
    }
    if pick([True, False]):
        written["dx"] = N, inputs
    else:
        arguments["dx"] = None
    name = "dense_chain_backward"
    return Case(name, arguments, written, exact, (), dtype)


# Batch normalisation. Sums are kept in float64, so only float64 sees their length.


def batch(pick, rng, dtype):
    M, C = pick([1, 2, 7, 50, 5000]), pick([1, 3, 10, 33])
    offset = pick([0, 1, 100])
    arguments = {
        "x": normal(rng, dtype, M, C) + dtype(offset),
        "gamma": normal(rng, dtype, C),
        "beta": normal(rng, dtype, C),
        "epsilon": 1e-3,
    }
    length = 8 if dtype is np.float32 else M + 8
    return M, C, arguments, length * eps(dtype)


def normalized(wide, mean, variance):
    """Return x̂, r, and by how much of itself r may be off for an exact variance."""
    r = 1 / np.sqrt(variance + wide["epsilon"])
    return (wide["x"] - mean) * r, r


def statistics_bound(wide, expected, rounding):
    d_mean = rounding * np.abs(wide["x"]).max(axis=0)
    d_variance = 2 * rounding * expected["variance"] + (2 * d_mean) ** 2
    return {"mean": d_mean, "variance": d_variance}


@case
def batch_normalization_statistics(pick, rng, dtype):
    _, C, arguments, rounding = batch(pick, rng, dtype)

    def bound(wide, expected):
        return statistics_bound(wide, expected, rounding)

    written = {"mean": (C,), "variance": (C,)}
    name = "batch_normalization_statistics"
    return Case(name, {"x": arguments["x"]}, written, bound, (), dtype)


@case
def batch_normalization_forward(pick, rng, dtype):
    M, C, arguments, rounding = batch(pick, rng, dtype)

    def bound(wide, expected):
        bounds = statistics_bound(wide, expected, rounding)
        normal_x, r = normalized(wide, expected["mean"], expected["variance"])
        scale = np.abs(wide["gamma"]) * r
        relative = 8 * eps(dtype) + bounds["variance"] * r**2
        d_y = np.abs(normal_x * wide["gamma"]) * relative + scale * 2 * bounds["mean"]
        d_y += 2 * eps(dtype) * np.abs(wide["beta"])
        return {"y": d_y, **bounds}

    written = {"y": (M, C), "mean": (C,), "variance": (C,)}
    name = "batch_normalization_forward"
    return Case(name, arguments, written, bound, (), dtype)


@case
def batch_normalization_inference(pick, rng, dtype):
    M, C, arguments, _ = batch(pick, rng, dtype)
    arguments |= moving(rng, dtype, C)

    def bound(wide, expected):
        normal_x, _ = normalized(wide, wide["moving_mean"], wide["moving_variance"])
        size = np.abs(normal_x * wide["gamma"]) + np.abs(wide["beta"])
        return {"y": 8 * eps(dtype) * size}

    name = "batch_normalization_inference"
    return Case(name, arguments, {"y": (M, C)}, bound, (), dtype)


def moving(rng, dtype, C):
    return {
        "moving_mean": normal(rng, dtype, C),
        "moving_variance": np.square(normal(rng, dtype, C)),
    }


def gradient_bounds(wide, mean, variance, rounding, dtype):
    normal_x, r = normalized(wide, mean, variance)
    dy = np.abs(wide["dy"])
    # x̂'s own rounding, of x − mean and of r, is within 8 eps.
    sum_dy, sum_products = dy.sum(axis=0), (dy * np.abs(normal_x)).sum(axis=0)
    d_beta = rounding * sum_dy
    d_gamma = (rounding + 8 * eps(dtype)) * sum_products
    scale = np.abs(wide["gamma"]) * r
    return np.abs(normal_x), scale, dy, d_gamma, d_beta


@case
def batch_normalization_backward(pick, rng, dtype):
    M, C, arguments, rounding = batch(pick, rng, dtype)
    del arguments["beta"]
    x = arguments["x"].astype(np.float64)
    arguments |= {
        "mean": x.mean(axis=0).astype(dtype),
        "variance": x.var(axis=0).astype(dtype),
        "dy": normal(rng, dtype, M, C),
    }

    def bound(wide, expected):
        normal_x, scale, dy, d_gamma, d_beta = gradient_bounds(
            wide, wide["mean"], wide["variance"], rounding, dtype
        )
        terms = dy + np.abs(expected["d_beta"]) / M
        terms += normal_x * np.abs(expected["d_gamma"]) / M
        inherited = (d_beta + normal_x * d_gamma) / M
        d_x = scale * (12 * eps(dtype) * terms + inherited)
        return {"dx": d_x, "d_gamma": d_gamma, "d_beta": d_beta}

    written = {"dx": (M, C), "d_gamma": (C,), "d_beta": (C,)}
    name = "batch_normalization_backward"
    return Case(name, arguments, written, bound, (), dtype)


@case
def batch_normalization_backward_inference(pick, rng, dtype):
    M, C, arguments, rounding = batch(pick, rng, dtype)
    del arguments["beta"]
    arguments |= moving(rng, dtype, C) | {"dy": normal(rng, dtype, M, C)}

    def bound(wide, expected):
        _, scale, dy, d_gamma, d_beta = gradient_bounds(
            wide, wide["moving_mean"], wide["moving_variance"], rounding, dtype
        )
        return {
            "dx": 8 * eps(dtype) * scale * dy,
            "d_gamma": d_gamma,
            "d_beta": d_beta,
        }

    written = {"dx": (M, C), "d_gamma": (C,), "d_beta": (C,)}
    name = "batch_normalization_backward_inference"
    return Case(name, arguments, written, bound, (), dtype)


# Activations and dropout. Exponentials and tangents are within 4 units in the last
# place in the libraries that NumPy and Numba call.


def flat(pick):
    return pick([1, 2, 7, 1000, 70_001])


def with_corners(rng, dtype, size):
    x = 3 * normal(rng, dtype, size)
    corners = [0.0, -0.0, 100.0, -100.0]
    x[: len(corners)] = corners[:size]
    return rng.permutation(x)


@case
def relu_forward(pick, rng, dtype):
    size = flat(pick)
    x = with_corners(rng, dtype, size)
    return Case("relu_forward", {"x": x}, {"y": (size,)}, exact, (), dtype)


@case
def relu_backward(pick, rng, dtype):
    size = flat(pick)
    y = np.maximum(with_corners(rng, dtype, size), 0)
    arguments = {"y": y, "dy": normal(rng, dtype, size)}
    return Case("relu_backward", arguments, {"dx": (size,)}, exact, (), dtype)


def relative(factor, dtype, name):
    smallest = float(np.finfo(dtype).tiny)
    return lambda wide, expected: {
        name: factor * eps(dtype) * np.abs(expected[name]) + smallest
    }


# The numbers that formulas take: exact in float32, for a kink must not move.
NUMBERS = {
    "negative_slope": [0.0, 0.25, 2.0],
    "alpha": [1.0, 0.5, 2.0],
    "b": [4.0, 0.25],
    "low": [-np.inf, 0.0],
    "high": [np.inf, 2.0],
    "threshold": [0.5, 0.0, 1.25],
    "default_value": [0.0, -3.0],
}


def formula_case(name, way):
    """Return a builder of cases for a formula or its slope."""
    f, slope = FORMULAS[name]
    of, *parameters = inspect.signature(slope).parameters

    def build(pick, rng, dtype):
        size = flat(pick)
        numbers = {key: pick(NUMBERS[key]) for key in parameters}
        x = with_corners(rng, dtype, size) / dtype(2)
        # A slope times x is off by some eps of itself, and a sum of it and 1 likewise.
        if way == "forward":

            def bound(wide, expected):
                scale = max([1.0, *(v for v in numbers.values() if np.isfinite(v))])
                sizes = np.abs(wide["x"]) * scale + np.abs(expected["y"])
                return {"y": 16 * eps(dtype) * sizes + float(np.finfo(dtype).tiny)}

            arguments = {"x": x, **numbers}
            return Case(f"{name}_forward", arguments, {"y": (size,)}, bound, (), dtype)
        with np.errstate(over="ignore"):  # of what `where` does not take
            kept = x if of == "x" else f(x, *numbers.values()).astype(dtype)

        def bound(wide, expected):
            sizes = np.abs(wide["dy"]) * (1 + np.abs(wide[of]))
            return {"dx": 16 * eps(dtype) * sizes}

        arguments = {of: kept, "dy": normal(rng, dtype, size), **numbers}
        return Case(f"{name}_backward", arguments, {"dx": (size,)}, bound, (), dtype)

    return build


for name in FORMULAS:
    for way in ("forward", "backward"):
        CASES[f"{name}_{way}"] = formula_case(name, way)


def rows(pick):
    return pick([1, 2, 5, 64]), pick([1, 2, 10, 100])


def softmax_bound(wide_logits, probabilities, dtype):
    """Bound softmax's error: that of the exponent is relative, for it is one of e^x."""
    shifted = np.abs(wide_logits - wide_logits.max(axis=1, keepdims=True))
    terms = wide_logits.shape[1] + 8 + 2 * shifted
    return eps(dtype) * terms * probabilities + float(np.finfo(dtype).tiny)


@case
def softmax_forward(pick, rng, dtype):
    N, C = rows(pick)
    x = 5 * normal(rng, dtype, N, C) + dtype(pick([0, 1000]))

    def bound(wide, expected):
        return {"y": softmax_bound(wide["x"], expected["y"], dtype)}

    return Case("softmax_forward", {"x": x}, {"y": (N, C)}, bound, (), dtype)


def distributions(rng, dtype, N, C):
    return rng.dirichlet(np.ones(C), N).astype(dtype)


@case
def softmax_backward(pick, rng, dtype):
    N, C = rows(pick)
    arguments = {
        "y": distributions(rng, dtype, N, C),
        "dy": normal(rng, dtype, N, C),
    }

    def bound(wide, expected):
        terms = np.abs(wide["y"] * wide["dy"]).sum(axis=1, keepdims=True)
        size = wide["y"] * (np.abs(wide["dy"]) + terms)
        return {"dx": (C + 4) * eps(dtype) * size}

    return Case("softmax_backward", arguments, {"dx": (N, C)}, bound, (), dtype)


@case
def log_softmax_forward(pick, rng, dtype):
    N, C = rows(pick)
    x = 5 * normal(rng, dtype, N, C) + dtype(pick([0, 1000]))

    def bound(wide, expected):
        return {"y": (C + 8) * eps(dtype) * (1 + np.abs(expected["y"]))}

    return Case("log_softmax_forward", {"x": x}, {"y": (N, C)}, bound, (), dtype)


@case
def log_softmax_backward(pick, rng, dtype):
    N, C = rows(pick)
    y = np.log(distributions(rng, np.float64, N, C) + 1e-30).astype(dtype)
    arguments = {"y": y, "dy": normal(rng, dtype, N, C)}

    def bound(wide, expected):
        total = np.abs(wide["dy"]).sum(axis=1, keepdims=True)
        return {"dx": (C + 8) * eps(dtype) * (np.abs(wide["dy"]) + total)}

    return Case("log_softmax_backward", arguments, {"dx": (N, C)}, bound, (), dtype)


@case
def dropout(pick, rng, dtype):
    size = flat(pick)
    arguments = {
        "x": normal(rng, dtype, size),
        "rate": pick([0.0, 0.25, 0.5, 1.0]),
        "seed": pick([0, 1, 2**32 - 1]),
        "step": pick([0, 1, 2**32 - 1]),
    }

    def bound(wide, expected):  # the scale's rounding, and the product's
        return {"y": 2 * eps(dtype) * np.abs(expected["y"])}

    return Case("dropout", arguments, {"y": (size,)}, bound, (), dtype)


# Images. Whole numbers, and places in quarters of a pixel: everything is exact.


def moved_images(pick, rng):
    N, H, W = pick([1, 2, 3]), pick([1, 2, 7, 40]), pick([1, 5, 30])
    C = pick([1, 2, 3])
    quarters = rng.integers(-8, 9, (N, 2, 2)) / 4
    if pick(["turned", "along the axes"]) == "along the axes":
        quarters *= np.eye(2)
    offsets = rng.integers(-50, 51, (N, 2, 1)) / 4
    matrices = np.concatenate([quarters, offsets], axis=2).reshape(N, 6)
    options = {
        "matrices": matrices.astype(np.float32),
        "interpolation": pick(INTERPOLATIONS),
        "fill_mode": pick(FILL_MODES),
    }
    return (N, H, W, C), (N, pick([1, 6, 50]), pick([1, 5, 33]), C), options


@case
def affine_transform_forward(pick, rng, dtype):
    inputs, outputs, options = moved_images(pick, rng)
    arguments = {"x": whole(rng, dtype, inputs), **options, "fill_value": 2.0}
    name = "affine_transform_forward"
    return Case(name, arguments, {"y": outputs}, exact, (), dtype)


@case
def affine_transform_backward(pick, rng, dtype):
    inputs, outputs, options = moved_images(pick, rng)
    arguments = {"dy": whole(rng, dtype, outputs), **options}
    name = "affine_transform_backward"
    return Case(name, arguments, {"dx": inputs}, exact, (), dtype)


def contrasted(pick, rng, dtype):
    shape = pick([1, 2, 5]), pick([1, 6, 2000]), pick([1, 3])
    arguments = {
        "x": normal(rng, dtype, *shape),
        "factors": rng.uniform(0, 2, shape[0]).astype(dtype),
    }
    return shape, arguments


@case
def contrast_forward(pick, rng, dtype):
    shape, arguments = contrasted(pick, rng, dtype)

    def bound(wide, expected):
        size = np.abs(wide["x"]).max() * (1 + 2 * wide["factors"])
        return {"y": 8 * eps(dtype) * size.reshape(-1, 1, 1)}

    bounds = {"low": -1.0, "high": 1.5}
    name = "contrast_forward"
    return Case(name, arguments | bounds, {"y": shape}, bound, (), dtype)


@case
def contrast_backward(pick, rng, dtype):
    shape, arguments = contrasted(pick, rng, dtype)
    arguments["dy"] = normal(rng, dtype, *shape)
    # Far from every z, for which side of a bound one lies on must not hang on rounding.
    z = arguments["x"].astype(np.float64)
    mean = z.mean(axis=1, keepdims=True)
    z = np.sort(((z - mean) * arguments["factors"].reshape(-1, 1, 1) + mean).ravel())
    ends = np.concatenate([[z[0] - 2], z, [z[-1] + 2]])
    gaps = np.diff(ends)
    low, high = (
        float((ends[at] + ends[at + 1]) / 2)
        for at in (
            int(np.argmax(gaps[: len(gaps) // 2])),
            len(gaps) // 2 + int(np.argmax(gaps[len(gaps) // 2 :])),
        )
    )

    def bound(wide, expected):
        size = np.abs(wide["dy"]).max() * (1 + 2 * wide["factors"])
        return {"dx": 8 * eps(dtype) * size.reshape(-1, 1, 1)}

    bounds = {"low": low, "high": high}
    name = "contrast_backward"
    return Case(name, arguments | bounds, {"dx": shape}, bound, (), dtype)


@case
def standard_normal(pick, rng, dtype):
    size = flat(pick)
    arguments = {"seed": pick([0, 1, 2**32 - 1]), "step": pick([0, 1, 2**32 - 1])}

    def bound(wide, expected):  # float64, rounded; libraries differ by some ulp
        rounding = eps(dtype) + 16 * eps(np.float64)
        return {"y": rounding * (1 + np.abs(expected["y"]))}

    return Case("standard_normal", arguments, {"y": (size,)}, bound, (), dtype)


@case
def parametric_relu_forward(pick, rng, dtype):
    M, D = pick([1, 2, 7, 700]), pick([1, 3, 10, 130])
    x = with_corners(rng, dtype, M * D).reshape(M, D)
    arguments = {"x": x, "alpha": normal(rng, dtype, D)}
    bound = relative(1, dtype, "y")
    return Case("parametric_relu_forward", arguments, {"y": (M, D)}, bound, (), dtype)


@case
def parametric_relu_backward(pick, rng, dtype):
    M, D = pick([1, 2, 7, 700]), pick([1, 3, 10, 130])
    x = with_corners(rng, dtype, M * D).reshape(M, D)
    arguments = {
        "x": x,
        "alpha": normal(rng, dtype, D),
        "dy": normal(rng, dtype, M, D),
    }

    def bound(wide, expected):
        # The reference rounds each product; the sum itself is float64.
        sizes = np.abs(wide["dy"] * wide["x"]).sum(axis=0)
        return {
            "dx": eps(dtype) * np.abs(expected["dx"]),
            "d_alpha": 2 * eps(dtype) * sizes + M * eps(np.float64) * sizes,
        }

    written = {"dx": (M, D), "d_alpha": (D,)}
    return Case("parametric_relu_backward", arguments, written, bound, (), dtype)


def groups_of_channels(pick):
    groups, width = pick([1, 2, 3]), pick([1, 3, 16])
    return (pick([1, 2, 40]), pick([1, 5, 64]), groups * width), groups


@case
def group_normalization_forward(pick, rng, dtype):
    (N, P, C), groups = groups_of_channels(pick)
    arguments = {
        "x": normal(rng, dtype, N, P, C) + dtype(3),
        "gamma": normal(rng, dtype, C),
        "beta": normal(rng, dtype, C),
        "groups": groups,
        "epsilon": 1e-3,
    }

    def bound(wide, expected):
        # x and the mean are rounded before they are subtracted, and r takes what is
        # left, at most 1/√epsilon times as large, and the variance's own error.
        r = 1 / np.sqrt(expected["variance"] + 1e-3)
        off = 16 * eps(dtype) * np.abs(wide["x"]).max()
        return {
            "y": off * r.max() * (1 + r.max()) * (1 + np.abs(wide["gamma"])) + off,
            "mean": off,
            "variance": off * np.abs(wide["x"]).max(),
        }

    written = {"y": (N, P, C), "mean": (N, groups), "variance": (N, groups)}
    name = "group_normalization_forward"
    return Case(name, arguments, written, bound, (), dtype)


@case
def group_normalization_backward(pick, rng, dtype):
    (N, P, C), groups = groups_of_channels(pick)
    x = normal(rng, dtype, N, P, C)
    own = x.reshape(N, P, groups, -1)
    arguments = {
        "x": x,
        "mean": own.mean(axis=(1, 3)),
        "variance": own.var(axis=(1, 3)) + dtype(0.5),
        "gamma": normal(rng, dtype, C),
        "groups": groups,
        "epsilon": 1e-3,
        "dy": normal(rng, dtype, N, P, C),
    }

    def bound(wide, expected):
        rows = N * P * 8 * eps(np.float64) + 16 * eps(dtype)
        size = np.abs(wide["dy"]).sum(axis=(0, 1)) * 8
        largest = np.abs(wide["dy"]).max() * (1 + np.abs(wide["gamma"]).max())
        return {
            "dx": 256 * eps(dtype) * largest,
            "d_gamma": rows * size,
            "d_beta": rows * size,
        }

    written = {"dx": (N, P, C), "d_gamma": (C,), "d_beta": (C,)}
    name = "group_normalization_backward"
    return Case(name, arguments, written, bound, (), dtype)


@case
def global_max_pooling_forward(pick, rng, dtype):
    N, P, C = pick([1, 2, 5]), pick([1, 2, 36]), pick([1, 3, 33])
    arguments = {"x": ties(rng, dtype, (N, P, C))}
    written = {"y": (N, C)}
    return Case("global_max_pooling_forward", arguments, written, exact, (), dtype)


@case
def global_max_pooling_backward(pick, rng, dtype):
    N, P, C = pick([1, 2, 5]), pick([1, 2, 36]), pick([1, 3, 33])
    x = ties(rng, dtype, (N, P, C))
    arguments = {"x": x, "y": x.max(axis=1), "dy": normal(rng, dtype, N, C)}
    bound = relative(1, dtype, "dx")
    written = {"dx": (N, P, C)}
    return Case("global_max_pooling_backward", arguments, written, bound, (), dtype)


# Losses.


def targets(pick, rng, dtype, N, C):
    if pick(["one-hot", "soft"]) == "soft":
        return distributions(rng, dtype, N, C)
    return np.eye(C, dtype=dtype)[rng.integers(0, C, N)]


@case
def softmax_cross_entropy_forward(pick, rng, dtype):
    N, C = rows(pick)
    arguments = {
        "logits": 5 * normal(rng, dtype, N, C) + dtype(pick([0, 1000])),
        "targets": targets(pick, rng, dtype, N, C),
    }

    def bound(wide, expected):
        shifted = np.abs(wide["logits"] - wide["logits"].max(axis=1, keepdims=True))
        # The logarithm of a sum of C exponentials: at most log C, off by C eps.
        terms = wide["targets"] * (shifted + np.log(C) + 1)
        return {
            "losses": (C + 12) * eps(dtype) * terms.sum(axis=1),
            "probabilities": softmax_bound(
                wide["logits"], expected["probabilities"], dtype
            ),
        }

    written = {"losses": (N,), "probabilities": (N, C)}
    name = "softmax_cross_entropy_forward"
    return Case(name, arguments, written, bound, (), dtype)


@case
def softmax_cross_entropy_backward(pick, rng, dtype):
    N, C = rows(pick)
    arguments = {
        "probabilities": distributions(rng, dtype, N, C),
        "targets": targets(pick, rng, dtype, N, C),
        "scale": rng.random(N).astype(dtype),
    }

    def bound(wide, expected):
        total = wide["targets"].sum(axis=1, keepdims=True)
        size = wide["probabilities"] * total + wide["targets"]
        return {"d_logits": (C + 4) * eps(dtype) * wide["scale"][:, None] * size}

    name = "softmax_cross_entropy_backward"
    return Case(name, arguments, {"d_logits": (N, C)}, bound, (), dtype)


def probabilities_with_zeros(pick, rng, dtype, N, C):
    """Draw rows away from the clipping bounds, but some exactly 0 or certain."""
    p = distributions(rng, dtype, N, C) + dtype(0.01)
    p[rng.random((N, C)) < 0.2] = 0
    p[p.sum(axis=1) == 0] = 1
    return p


def shares(wide):
    total = wide["probabilities"].sum(axis=1, keepdims=True)
    if not wide["normalise"]:
        total = np.ones_like(total)
    share = wide["probabilities"] / total
    return share, np.clip(share, 1e-7, 1 - 1e-7), total


@case
def cross_entropy_forward(pick, rng, dtype):
    N, C = rows(pick)
    arguments = {
        "probabilities": probabilities_with_zeros(pick, rng, dtype, N, C),
        "targets": targets(pick, rng, dtype, N, C),
        "normalise": pick([False, True]),
    }

    def bound(wide, expected):
        _, clipped, _ = shares(wide)
        terms = wide["targets"] * (1 + np.abs(np.log(clipped)))
        return {"losses": (2 * C + 8) * eps(dtype) * terms.sum(axis=1)}

    name = "cross_entropy_forward"
    return Case(name, arguments, {"losses": (N,)}, bound, (), dtype)


@case
def cross_entropy_backward(pick, rng, dtype):
    N, C = rows(pick)
    arguments = {
        "probabilities": probabilities_with_zeros(pick, rng, dtype, N, C),
        "targets": targets(pick, rng, dtype, N, C),
        "scale": rng.random(N).astype(dtype),
        "normalise": pick([False, True]),
    }

    def bound(wide, expected):
        share, clipped, total = shares(wide)
        g = np.where(share == clipped, wide["targets"] / clipped, 0)
        size = (g + (g * share).sum(axis=1, keepdims=True)) / total
        return {
            "d_probabilities": (2 * C + 8) * eps(dtype) * wide["scale"][:, None] * size
        }

    name = "cross_entropy_backward"
    return Case(name, arguments, {"d_probabilities": (N, C)}, bound, (), dtype)


@case
def mean_squared_error_forward(pick, rng, dtype):
    N, D = rows(pick)
    arguments = {
        "predictions": normal(rng, dtype, N, D),
        "targets": normal(rng, dtype, N, D),
    }
    bound = relative(D + 5, dtype, "losses")
    name = "mean_squared_error_forward"
    return Case(name, arguments, {"losses": (N,)}, bound, (), dtype)


@case
def mean_squared_error_backward(pick, rng, dtype):
    N, D = rows(pick)
    arguments = {
        "predictions": normal(rng, dtype, N, D),
        "targets": normal(rng, dtype, N, D),
        "scale": rng.random(N).astype(dtype),
    }
    bound = relative(5, dtype, "d_predictions")
    name = "mean_squared_error_backward"
    return Case(name, arguments, {"d_predictions": (N, D)}, bound, (), dtype)


# The losses that take every output by itself → their numbers. Bounds on probabilities
# are the same ones in both dtypes: what is clipped in one is clipped in the other.
ELEMENTWISE_LOSSES = {
    "mean_absolute_error": {},
    "mean_absolute_percentage_error": {"epsilon": 1e-2},
    "mean_squared_logarithmic_error": {"epsilon": 1e-7},
    "huber": {"delta": 0.75},
    "log_cosh": {},
    "poisson": {"epsilon": 1e-7},
    "kl_divergence": {"epsilon": 1e-7},
    "binary_crossentropy": {"low": 2.0**-20, "high": 1 - 2.0**-20},
    "binary_crossentropy_from_logits": {},
    "binary_focal_crossentropy": {
        **{"low": 2.0**-20, "high": 1 - 2.0**-20},
        **{"alpha": [-1.0, 0.25], "gamma": [2.0, 0.0, 1.5]},
    },
    "hinge": {},
    "squared_hinge": {},
}
OF_PROBABILITIES = ("poisson", "kl_divergence", "binary_crossentropy", "binary_focal")


def loss_arguments(pick, rng, dtype, name, numbers):
    N, D = rows(pick)
    predictions, targets = (normal(rng, dtype, N, D) for _ in range(2))
    if name.startswith(OF_PROBABILITIES) and not name.endswith("logits"):
        predictions = rng.uniform(0.01, 0.99, (N, D)).astype(dtype)
        predictions[rng.random((N, D)) < 0.1] = pick([0, 1]) if "b" in name[:1] else 1
        targets = rng.random((N, D)).astype(dtype)
    if "hinge" in name or "logits" in name:
        targets = rng.integers(0, 2, (N, D)).astype(dtype)
    drawn = {
        key: pick(value) if isinstance(value, list) else value
        for key, value in numbers.items()
    }
    scale = rng.random(N).astype(dtype)
    return {"predictions": predictions, "targets": targets}, scale, drawn


def element_sizes(operation, arguments, N, D, one):
    """Return what an operation gives for each element alone, and 1 more."""
    columns = {
        key: value.reshape(-1, 1) if isinstance(value, np.ndarray) else value
        for key, value in arguments.items()
    }
    if "scale" in columns:
        columns["scale"] = np.ones(N * D)
    result = np.empty(N * D) if one else np.empty((N * D, 1))
    call = list(columns.values())
    call.insert(2 if one else 3, result)
    OPERATIONS[operation].rungs["reference"](*call)
    sizes = np.abs(arguments["predictions"]) + np.abs(arguments["targets"])
    return np.abs(result).reshape(N, D) + sizes + 1


def _elementwise_loss(name, numbers):
    def forward(pick, rng, dtype):
        arguments, _, drawn = loss_arguments(pick, rng, dtype, name, numbers)
        N, D = arguments["predictions"].shape

        def bound(wide, expected):
            sizes = element_sizes(f"{name}_forward", wide, N, D, True)
            share = 1 if name == "kl_divergence" else 1 / D
            return {"losses": (D + 20) * eps(dtype) * share * sizes.sum(axis=1)}

        arguments |= drawn
        return Case(f"{name}_forward", arguments, {"losses": (N,)}, bound, (), dtype)

    def backward(pick, rng, dtype):
        arguments, scale, drawn = loss_arguments(pick, rng, dtype, name, numbers)
        N, D = arguments["predictions"].shape

        def bound(wide, expected):
            sizes = element_sizes(f"{name}_backward", wide, N, D, False)
            return {"d_predictions": 20 * eps(dtype) * wide["scale"][:, None] * sizes}

        arguments |= {"scale": scale, **drawn}
        return Case(
            f"{name}_backward", arguments, {"d_predictions": (N, D)}, bound, (), dtype
        )

    return {f"{name}_forward": forward, f"{name}_backward": backward}


for _name, _numbers in ELEMENTWISE_LOSSES.items():
    CASES |= _elementwise_loss(_name, _numbers)


# The losses of rows as a whole → their numbers, and whether they take distributions.
ROW_LOSSES = {
    "categorical_hinge": ({}, False),
    "cosine_similarity": ({"epsilon": 1e-7}, False),
    "categorical_focal_crossentropy": (
        {"low": 1e-7, "high": 1 - 2.0**-20, "alpha": 0.25, "gamma": [2.0, 1.5]},
        True,
    ),
    "tversky": ({"alpha": 0.3, "beta": 0.7, "epsilon": 1e-7}, True),
}


def _row_loss(name, numbers, of_distributions):
    def arguments_of(pick, rng, dtype):
        N, D = rows(pick)
        predictions = normal(rng, dtype, N, D)
        if of_distributions:
            predictions = distributions(rng, dtype, N, D) + dtype(0.01)
        drawn = {
            key: pick(value) if isinstance(value, list) else value
            for key, value in numbers.items()
        }
        arguments = {"predictions": predictions}
        return {**arguments, "targets": targets(pick, rng, dtype, N, D)}, drawn

    def size_of(wide):
        """Return how large what is added up for a row may be, and what divides it."""
        p = np.abs(wide["predictions"])
        if name == "categorical_hinge":
            return 1 + p.max(axis=1) + (wide["targets"] * p).sum(axis=1), 1
        if name == "cosine_similarity":
            return np.ones(len(p)), np.linalg.norm(p, axis=1)
        if name == "tversky":
            return 2 * np.ones(len(p)), np.maximum(wide["targets"].sum(axis=1), 1) / 20
        return 1 + np.abs(np.log(p)).sum(axis=1), p.min(axis=1) / 20

    def forward(pick, rng, dtype):
        arguments, drawn = arguments_of(pick, rng, dtype)
        N, D = arguments["predictions"].shape

        def bound(wide, expected):
            return {"losses": (D + 12) * eps(dtype) * size_of(wide)[0]}

        arguments |= drawn
        return Case(f"{name}_forward", arguments, {"losses": (N,)}, bound, (), dtype)

    def backward(pick, rng, dtype):
        arguments, drawn = arguments_of(pick, rng, dtype)
        N, D = arguments["predictions"].shape
        arguments["scale"] = rng.random(N).astype(dtype)

        def bound(wide, expected):
            size, divisor = size_of(wide)
            size = (D + 12) * eps(dtype) * wide["scale"] * size / divisor
            return {"d_predictions": np.broadcast_to(size[:, None], (N, D))}

        arguments |= drawn
        return Case(
            f"{name}_backward", arguments, {"d_predictions": (N, D)}, bound, (), dtype
        )

    return {f"{name}_forward": forward, f"{name}_backward": backward}


for _name, (_numbers, _of_distributions) in ROW_LOSSES.items():
    CASES |= _row_loss(_name, _numbers, _of_distributions)


# Optimizers.


@case
def adam_update(pick, rng, dtype):
    sizes = [flat(pick), *pick([(), (1,), (40_000, 3)])]
    second, highest = dtype(pick([0, 1])), pick([False, True])

    def draw():
        return tuple(normal(rng, dtype, size) for size in sizes)

    arguments = {
        "parameters": draw(),
        "gradients": draw(),
        "momenta": draw(),
        "velocities": tuple(np.square(array) * second for array in draw()),
        "highest": tuple(np.square(array) for array in draw()) if highest else (),
        "alpha": 1e-3,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
    }

    def bound(wide, expected):
        bounds = {}
        for i in range(len(sizes)):
            g, alpha = np.abs(wide["gradients"][i]), wide["alpha"]
            m, v = np.abs(wide["momenta"][i]), wide["velocities"][i]
            new_m, new_v = expected[f"momenta[{i}]"], expected[f"velocities[{i}]"]
            d_m = 4 * eps(dtype) * (m + (1 - wide["beta_1"]) * (g + m))
            # 1 − beta_2 in the dtype is off by eps of itself; nothing is cancelled.
            d_v = 4 * eps(dtype) * (v + (1 - wide["beta_2"]) * (g**2 + v))
            if highest:
                bounds[f"highest[{i}]"] = d_v
                new_v = expected[f"highest[{i}]"]
            step = alpha * np.abs(new_m) / (np.sqrt(new_v) + wide["epsilon"])
            d_root = d_v / new_v / 2
            d_step = alpha * d_m / (np.sqrt(new_v) + wide["epsilon"])
            d_step += step * (d_root + 6 * eps(dtype))
            size = np.abs(wide["parameters"][i]) + step
            bounds[f"parameters[{i}]"] = d_step + eps(dtype) * size
            bounds[f"momenta[{i}]"], bounds[f"velocities[{i}]"] = d_m, d_v
        return bounds

    updated = ("parameters", "momenta", "velocities", "highest")
    return Case("adam_update", arguments, {}, bound, updated, dtype)


@case
def rmsprop_update(pick, rng, dtype):
    sizes = [flat(pick), *pick([(), (1,), (40_000, 3)])]
    second = dtype(pick([0, 1]))
    kept, centered = pick([False, True]), pick([False, True])

    def draw():
        return tuple(normal(rng, dtype, size) for size in sizes)

    averages = tuple(array * second for array in draw())
    arguments = {
        "parameters": draw(),
        "gradients": draw(),
        # Above the average's square by enough that little is cancelled.
        "velocities": tuple((np.square(a) + 1) * second for a in averages),
        "momenta": draw() if kept else (),
        "average_gradients": averages if centered else (),
        "learning_rate": 0.01,
        "rho": 0.9,
        "momentum": 0.5,
        "epsilon": 1e-7,
    }

    def bound(wide, expected):
        bounds, unit = {}, 4 * eps(dtype)
        for i in range(len(sizes)):
            g, new_v = np.abs(wide["gradients"][i]), expected[f"velocities[{i}]"]
            # 1 − rho in the dtype is off by eps of itself; nothing is cancelled.
            below, d_below = new_v + wide["epsilon"], unit * (new_v + wide["epsilon"])
            bounds[f"velocities[{i}]"] = unit * new_v
            if centered:
                a = np.abs(wide["average_gradients"][i])
                new_a = np.abs(expected[f"average_gradients[{i}]"])
                d_a = unit * (wide["rho"] * a + (1 - wide["rho"]) * g)
                below = below - new_a**2
                d_below = d_below + 2 * new_a * d_a + unit * new_a**2
                bounds[f"average_gradients[{i}]"] = d_a
            step = wide["learning_rate"] * g / np.sqrt(below)
            # Twice the derivative, for the root is of a number that is off itself.
            error = step * (d_below / below + unit)
            if kept:
                step = step + wide["momentum"] * np.abs(wide["momenta"][i])
                error = error + unit * step
                bounds[f"momenta[{i}]"] = error
            size = np.abs(wide["parameters"][i]) + step
            bounds[f"parameters[{i}]"] = error + eps(dtype) * size
        return bounds

    updated = ("parameters", "velocities", "momenta", "average_gradients")
    return Case("rmsprop_update", arguments, {}, bound, updated, dtype)


@case
def sgd_update(pick, rng, dtype):
    size = flat(pick)
    arguments = {
        "parameter": normal(rng, dtype, size),
        "gradient": normal(rng, dtype, size),
        "learning_rate": 0.01,
    }

    def bound(wide, expected):
        step = wide["learning_rate"] * np.abs(wide["gradient"])
        return {"parameter": 3 * eps(dtype) * (np.abs(wide["parameter"]) + step)}

    return Case("sgd_update", arguments, {}, bound, ("parameter",), dtype)


@case
def sgd_momentum_update(pick, rng, dtype):
    size = flat(pick)
    arguments = {
        "parameter": normal(rng, dtype, size),
        "gradient": normal(rng, dtype, size),
        "momentum_buffer": normal(rng, dtype, size),
        "learning_rate": 0.01,
        "momentum": 0.9,
        "nesterov": pick([False, True]),
    }

    def bound(wide, expected):
        step = wide["learning_rate"] * np.abs(wide["gradient"])
        m = np.abs(wide["momentum_buffer"]) + step
        return {
            "momentum_buffer": 4 * eps(dtype) * m,
            "parameter": 8 * eps(dtype) * (np.abs(wide["parameter"]) + m + step),
        }

    updated = ("parameter", "momentum_buffer")
    return Case("sgd_momentum_update", arguments, {}, bound, updated, dtype)


def update_of_positive_terms(name, pick, rng, dtype, slots, **rates):
    """Return the case of an update in which nothing is cancelled if all is positive.

    So the same step on absolute values bounds every intermediate result, but for the
    difference g − m, which is rounded before it is scaled.
    """
    sizes = [flat(pick), *pick([(), (1,), (40_000, 3)])]
    second = dtype(pick([0, 1]))

    def draw():
        return tuple(normal(rng, dtype, size) for size in sizes)

    arguments = {"parameters": draw(), "gradients": draw()}
    for slot, signed in slots.items():
        arguments[slot] = tuple(
            array * second if signed else np.square(array) * second for array in draw()
        )
    updated = ("parameters", *slots)

    def bound(wide, expected):
        positive = {
            name: tuple(map(np.abs, value)) if isinstance(value, tuple) else value
            for name, value in copy.deepcopy(wide).items()
        }
        for i, parameter in enumerate(positive["parameters"]):
            parameter[...] = 0
            for slot, signed in slots.items():
                positive[slot][i][...] += positive["gradients"][i] * signed
        OPERATIONS[name].rungs["reference"](*positive.values())
        bounds, unit = {}, 16 * eps(dtype)
        for i, parameter in enumerate(wide["parameters"]):
            step = np.abs(positive["parameters"][i])
            bounds[f"parameters[{i}]"] = unit * step + eps(dtype) * np.abs(parameter)
            for slot in slots:
                bounds[f"{slot}[{i}]"] = unit * np.abs(positive[slot][i])
        return bounds

    return Case(name, {**arguments, **rates}, {}, bound, updated, dtype)


@case
def adagrad_update(pick, rng, dtype):
    rates = {"learning_rate": 0.01, "epsilon": 1e-7}
    return update_of_positive_terms(
        "adagrad_update", pick, rng, dtype, {"accumulators": False}, **rates
    )


@case
def adadelta_update(pick, rng, dtype):
    rates = {"learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-7}
    slots = {"squares": False, "changes": False}
    return update_of_positive_terms("adadelta_update", pick, rng, dtype, slots, **rates)


@case
def adamax_update(pick, rng, dtype):
    rates = {"learning_rate": 0.01, "correction": 0.1, "beta_1": 0.9}
    rates |= {"beta_2": 0.999, "epsilon": 1e-7}
    slots = {"momenta": True, "norms": False}
    return update_of_positive_terms("adamax_update", pick, rng, dtype, slots, **rates)


@case
def nadam_update(pick, rng, dtype):
    rates = {"learning_rate": 0.01, "of_momentum": 0.7, "of_gradient": 0.6}
    rates |= {"correction": 0.1, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
    slots = {"momenta": True, "velocities": False}
    return update_of_positive_terms("nadam_update", pick, rng, dtype, slots, **rates)


@case
def lion_update(pick, rng, dtype):
    rates = {"learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.99}
    made = update_of_positive_terms(
        "lion_update", pick, rng, dtype, {"momenta": True}, **rates
    )
    # Of the same sign: a sum near 0 would leave its sign to rounding.
    for g, m in zip(
        *(made.arguments[k] for k in ("gradients", "momenta")), strict=True
    ):
        np.copysign(m, g, out=m)
    return made


@case
def ftrl_update(pick, rng, dtype):
    sizes = [flat(pick), *pick([(), (1,), (40_000, 3)])]

    def draw():
        return tuple(normal(rng, dtype, size) for size in sizes)

    arguments = {
        "parameters": draw(),
        "gradients": draw(),
        "accumulators": tuple(np.square(array) + dtype(0.1) for array in draw()),
        "linears": draw(),
        "learning_rate": 0.1,
        "power": pick([0.0, 0.5, 0.75]),
        "l1": pick([0.0, 0.5]),
        "l2": pick([0.0, 0.25]),
        "shrinkage": pick([0.0, 0.25]),
    }

    def bound(wide, expected):
        bounds, unit = {}, 16 * eps(dtype)
        rate, power = wide["learning_rate"], wide["power"]
        for i, parameter in enumerate(map(np.abs, wide["parameters"])):
            g, z = np.abs(wide["gradients"][i]), np.abs(wide["linears"][i])
            new = expected[f"accumulators[{i}]"]
            below = new**power / rate + 2 * wide["l2"]
            size = z + g + 2 * wide["shrinkage"] * parameter
            d_z = unit * (size + 2 * new**power / rate * parameter)
            bounds[f"accumulators[{i}]"] = unit * new
            bounds[f"linears[{i}]"] = d_z
            size = np.abs(expected[f"linears[{i}]"]) + wide["l1"]
            bounds[f"parameters[{i}]"] = (d_z + unit * size) / below
        return bounds

    updated = ("parameters", "accumulators", "linears")
    return Case("ftrl_update", arguments, {}, bound, updated, dtype)


@case
def weight_decay(pick, rng, dtype):
    parameters = tuple(normal(rng, dtype, size) for size in (flat(pick), 3, 40_000))
    arguments = {"parameters": parameters, "decay": 0.004, "learning_rate": 0.1}

    def bound(wide, expected):
        return {
            f"parameters[{i}]": 2 * eps(dtype) * np.abs(parameter)
            for i, parameter in enumerate(wide["parameters"])
        }

    return Case("weight_decay", arguments, {}, bound, ("parameters",), dtype)


@case
def moving_average(pick, rng, dtype):
    sizes = flat(pick), 3, 40_000

    def draw():
        return tuple(normal(rng, dtype, size) for size in sizes)

    arguments = {"averages": draw(), "parameters": draw()}
    arguments["momentum"] = pick([0.0, 0.99, 1.0])

    def bound(wide, expected):
        keep = wide["momentum"]
        return {
            f"averages[{i}]": 4
            * eps(dtype)
            * (keep * np.abs(average) + np.abs(wide["parameters"][i]))
            for i, average in enumerate(wide["averages"])
        }

    return Case("moving_average", arguments, {}, bound, ("averages",), dtype)


@case
def penalty(pick, rng, dtype):
    x = normal(rng, dtype, pick([0, 1, 3, 5000]))
    arguments = {"x": x, "l1": pick([0.0, 0.5]), "l2": pick([0.0, 0.25])}
    # Sums are taken in float64, in any dtype; what is returned is compared as it is.
    arguments["x"] = np.round(x * 64).astype(dtype) / dtype(64)
    return Case("penalty", arguments, {}, exact, (), dtype)


@case
def penalty_gradient(pick, rng, dtype):
    size = flat(pick)
    x, gradient = (normal(rng, dtype, size) for _ in range(2))
    x[: size // 2] = 0
    arguments = {"x": x, "gradient": gradient, "l1": 0.1, "l2": pick([0.0, 0.01])}

    def bound(wide, expected):
        sizes = np.abs(wide["gradient"]) + 0.1 + 0.02 * np.abs(wide["x"])
        return {"gradient": 4 * eps(dtype) * sizes}

    return Case("penalty_gradient", arguments, {}, bound, ("gradient",), dtype)


# Gathering.


@case
def gather(pick, rng, dtype):
    n, D, size = pick([1, 5, 300]), pick([1, 3, 784]), pick([1, 4, 64])
    kind = pick([np.int64, np.float64, np.float32, np.uint8][dtype is np.float64 :: 2])
    x = rng.integers(0, 256, (n, D)).astype(kind)
    scale = pick([1.0, 1 / 255])
    arguments = {"x": x, "indices": rng.integers(0, n, size), "scale": scale}

    def bound(wide, expected):
        return {"y": eps(dtype) * np.abs(expected["y"]) if scale != 1 else 0.0}

    return Case("gather", arguments, {"y": (size, D)}, bound, (), dtype)


@case
def first_non_finite(pick, rng, dtype):
    size = pick([1, 7, 1024, 5000])
    y = normal(rng, dtype, size) * (np.finfo(dtype).max / 8)  # sums would overflow
    for value in pick([(), (np.nan,), (np.inf, np.nan), (-np.inf,)]):
        y[rng.integers(size)] = value
    return Case("first_non_finite", {"y": y}, {}, exact, (), dtype)
