"""What hypothesis draws: layers with their settings, and batches for them.

A layer is drawn as the arguments of `oracle.make_step`: Keras's layers use Python's
random numbers as they are made, and hypothesis wants none while it draws.
"""

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

# The same examples in every run, and none kept on disk. A failure is shown as it was
# found: to shrink it takes minutes, as every attempt runs Keras anew.
PROFILE = {
    "phases": [Phase.explicit, Phase.generate],
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much],
}


def examples(number):
    """Return hypothesis's settings for a test with so many examples."""
    return settings(max_examples=number, **PROFILE)


RNG = st.integers(0, 2**32 - 1).map(np.random.default_rng)
DTYPE = st.sampled_from(["float32", "float64"])
ACTIVATION = st.sampled_from(
    ["linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax"]
)
BATCH = st.sampled_from([1, 2, 3, 8])
CHANNELS = st.sampled_from([1, 2, 3, 8, 17])
# None of the sizes is a multiple of all strides; some are smaller than some windows.
PIXELS = st.sampled_from([1, 2, 3, 5, 6, 7, 9, 12])
WINDOW = st.sampled_from([1, 2, 3, 5])
STRIDE = st.sampled_from([1, 1, 2, 3, 4])


def as_keras_keeps_it(number):
    """Round a setting to float32, as Keras does for layers and weights of any dtype.

    scratchnet takes it in the layer's dtype; in float64 that is another number.
    """
    return float(np.float32(number))


def normal(rng, shape):
    return rng.standard_normal(shape)


def wide(rng, shape):
    return 10 * rng.standard_normal(shape)


def around_1(rng, shape):
    return 1 + rng.standard_normal(shape)


def around_30(rng, shape):
    return 30 + rng.standard_normal(shape)


def ties(rng, shape):
    """Draw few different values, so that windows have equal maxima."""
    return rng.integers(-2, 3, shape)


def step(draw, kind, found, shape, **more):
    drawn = {"rng": draw(RNG), "dtype": draw(DTYPE)}
    return {"kind": kind, "settings": found, "shape": shape, **drawn, **more}


@st.composite
def windows(draw, name):
    """Draw a window's settings, and an image that it fits into."""
    size, plane = (draw(WINDOW), draw(WINDOW)), (draw(PIXELS), draw(PIXELS))
    found = {
        name: size,
        "strides": (draw(STRIDE), draw(STRIDE)),
        "padding": draw(st.sampled_from(["valid", "same"])),
    }
    if found["padding"] == "valid":
        plane = tuple(map(max, plane, size))
    return found, (draw(BATCH), *plane, draw(CHANNELS))


@st.composite
def convolutions(draw):
    found, shape = draw(windows("kernel_size"))
    found |= {
        "filters": draw(CHANNELS),
        "use_bias": draw(st.booleans()),
        "activation": draw(ACTIVATION),
    }
    return step(draw, "Conv2D", found, shape)


@st.composite
def spread_convolutions(draw):
    """Draw windows with gaps or strides, on groups of channels, or on each alone.

    Transposed, too: those need an image of two pixels each way, or more.
    """
    kind = draw(
        st.sampled_from(
            ["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose"]
        )
    )
    # TensorFlow has no transposed ones with gaps in float64.
    gaps = kind != "Conv2DTranspose" and draw(st.booleans())
    number = st.sampled_from([1, 2, 3])
    size, both = (draw(WINDOW), draw(WINDOW)), (draw(number), draw(number))
    if kind in ("DepthwiseConv2D", "SeparableConv2D") and not gaps:
        both = both[0], both[0]  # TensorFlow knows no others
    padding = draw(st.sampled_from(["valid", "same"]))
    found = {
        "kernel_size": size,
        "padding": padding,
        "dilation_rate" if gaps else "strides": both,
        "use_bias": draw(st.booleans()),
        "activation": draw(ACTIVATION),
    }
    plane = (draw(PIXELS), draw(PIXELS))
    spans = [(K - 1) * (D if gaps else 1) + 1 for K, D in zip(size, both, strict=True)]
    if padding == "valid" and kind != "Conv2DTranspose":
        plane = tuple(map(max, plane, spans))
    C, groups = draw(CHANNELS), draw(number)
    if kind == "Conv2D":
        C, filters = C * groups, draw(CHANNELS) * groups
        found |= {"groups": groups, "filters": filters}
    elif kind != "Conv2DTranspose":
        found["depth_multiplier"] = draw(number)
    if kind in ("SeparableConv2D", "Conv2DTranspose"):
        found["filters"] = draw(CHANNELS)
    return step(draw, kind, found, (draw(BATCH), *plane, C))


@st.composite
def of_sequences(draw):
    """Draw a layer for sequences with a window."""
    kind = draw(
        st.sampled_from(["Conv1D", "Conv1D", "MaxPooling1D", "AveragePooling1D"])
    )
    size, stride, gap = draw(WINDOW), draw(STRIDE), 1
    found = {"strides": stride, "padding": draw(st.sampled_from(["valid", "same"]))}
    C = draw(CHANNELS)
    if kind == "Conv1D":
        gap = draw(st.sampled_from([1, 2, 3])) if stride == 1 else 1
        padding = draw(st.sampled_from(["valid", "same", "causal"]))
        found |= {"kernel_size": size, "dilation_rate": gap, "padding": padding}
        found |= {"filters": draw(CHANNELS), "activation": draw(ACTIVATION)}
    else:
        found["pool_size"] = size
    length = draw(PIXELS)
    if found["padding"] == "valid":
        length = max(length, (size - 1) * gap + 1)
    return step(draw, kind, found, (draw(BATCH), length, C))


@st.composite
def winograd_convolutions(draw):
    """Draw what scratchnet computes by Winograd's algorithm."""
    wide = st.sampled_from([8, 9, 17, 32])
    found = {
        "filters": draw(wide),
        "kernel_size": 3,
        "padding": draw(st.sampled_from(["valid", "same"])),
        "use_bias": draw(st.booleans()),
        "activation": draw(ACTIVATION),
    }
    plane = draw(PIXELS), draw(PIXELS)
    if found["padding"] == "valid":
        plane = max(plane[0], 3), max(plane[1], 3)
    return step(draw, "Conv2D", found, (draw(BATCH), *plane, draw(wide)))


@st.composite
def denses(draw):
    found = {
        "units": draw(st.sampled_from([1, 2, 7, 16, 33])),
        "use_bias": draw(st.booleans()),
        "activation": draw(ACTIVATION),
    }
    inputs = draw(st.sampled_from([1, 3, 16, 50, 129]))
    shape = draw(st.sampled_from([(1, inputs), (9, inputs), (2, 3, inputs)]))
    return step(draw, "Dense", found, shape)


@st.composite
def poolings(draw, kind):
    found, shape = draw(windows("pool_size"))
    return step(draw, kind, found, shape, values=draw(st.sampled_from([normal, ties])))


@st.composite
def batch_normalizations(draw):
    found = {
        "momentum": draw(st.sampled_from([0.99, 0.9, 0.0, 1.0])),
        "epsilon": draw(st.sampled_from([1e-3, 1e-5, 0.1])),
        "center": draw(st.booleans()),
        "scale": draw(st.booleans()),
    }
    image = draw(st.sampled_from([(), (1, 1), (3, 5), (7, 6)]))
    shape = (draw(st.sampled_from([1, 2, 5, 32])), *image, draw(CHANNELS))
    return step(
        draw,
        "BatchNormalization",
        found,
        shape,
        frozen=draw(st.booleans()),
        values=draw(st.sampled_from([normal, around_1, around_30])),
    )


@st.composite
def others(draw):
    """Draw a layer without weights or windows."""
    kind, found = draw(
        st.sampled_from(
            [
                ("ReLU", {}),
                ("LeakyReLU", {"negative_slope": 0.1}),
                ("Softmax", {}),
                ("Flatten", {}),
                ("GlobalAveragePooling2D", {}),
                ("Rescaling", {"scale": as_keras_keeps_it(1 / 255)}),
                ("Rescaling", {"scale": -2.5, "offset": 1.0}),
            ]
        )
        | ACTIVATION.map(lambda name: ("Activation", {"activation": name}))
    )
    shape = (draw(BATCH), draw(PIXELS), draw(PIXELS), draw(CHANNELS))
    return step(draw, kind, found, shape, values=draw(st.sampled_from([normal, wide])))


@st.composite
def reshapings(draw):
    """Draw a layer that moves elements, repeats them or mixes them by fixed weights."""
    N, H, W, C = (draw(BATCH), draw(PIXELS), draw(PIXELS), draw(CHANNELS))
    width, factor = st.integers(0, 3), st.integers(1, 3)
    both = st.tuples(width, width)
    image, sequence, cut = (N, H, W, C), (N, H, C), draw(st.tuples(both, both))
    longer = (N, H + sum(cut[0]), C)
    larger = (N, H + sum(cut[0]), W + sum(cut[1]), C)
    up = {"size": draw(st.tuples(factor, factor))}
    kind, found, shape = draw(
        st.sampled_from(
            [
                ("Reshape", {"target_shape": (C, -1, 1)}, image),
                ("Permute", {"dims": draw(st.permutations([1, 2, 3]))}, image),
                ("RepeatVector", {"n": draw(factor)}, (N, C)),
                ("ZeroPadding1D", {"padding": cut[0]}, sequence),
                ("ZeroPadding2D", {"padding": cut}, image),
                ("ZeroPadding2D", {"padding": (1, 2)}, image),
                ("Cropping1D", {"cropping": cut[0]}, longer),
                ("Cropping2D", {"cropping": cut}, larger),
                ("UpSampling1D", {"size": draw(factor)}, sequence),
                ("UpSampling2D", up, image),
                ("UpSampling2D", {**up, "interpolation": "bilinear"}, image),
            ]
        )
    )
    return step(draw, kind, found, shape)


def sample_weights(rng, size, dtype, weighted):
    if not weighted:
        return None
    weights = rng.uniform(0, 2, size).astype(dtype)
    weights[0] = 0
    return weights


def smooth(targets, share):
    return targets * (1 - share) + share / targets.shape[-1]


def probabilities(rng, size, classes, dtype):
    """Draw rows that sum to 1 or not; some values are 0 or 1, none is near a bound."""
    p = rng.dirichlet(np.ones(classes), size) + 0.01
    p[rng.random((size, classes)) < 0.2] = 0
    p[p.sum(-1) == 0] = 1 / classes
    p[::3] /= p[::3].sum(-1, keepdims=True)
    p[rng.random(size) < 0.1] = np.eye(classes)[0]
    return p.astype(dtype)
