"""Ask Keras for steps of layers and for losses, and store them with their bounds.

Part of `python -m tests.keras.golden.make`. In ``layers.npz`` every step is there with
all that goes into it, what Keras returned, and how far rounding may carry scratchnet
from it (`tests/keras/parity/rounding.py`); ``losses.npz`` likewise. All numbers come
from ``np.random.default_rng(SEED)``, SEED being among the stored names.
"""

import json

import numpy as np

from tests.keras.golden.make import write
from tests.keras.parity import draw, loss_rounding, oracle, rounding

SEED = 41


def convolutions():
    for window, strides, plane in (
        (1, 1, (4, 5)),
        (3, 1, (6, 7)),
        (3, 2, (6, 7)),
        (2, 2, (5, 5)),
        ((2, 5), (3, 1), (7, 8)),
        (4, 3, (9, 4)),
    ):
        for padding in ("valid", "same"):
            settings = {
                "filters": 5,
                "kernel_size": window,
                "strides": strides,
                "padding": padding,
            }
            yield "Conv2D", settings, (2, *plane, 3)
    for activation in ("relu", "sigmoid", "tanh", "softmax"):
        settings = {"filters": 3, "kernel_size": 3, "activation": activation}
        yield "Conv2D", settings, (1, 5, 6, 2)
    yield "Conv2D", {"filters": 17, "kernel_size": 3, "use_bias": False}, (1, 3, 3, 1)


def denses():
    for activation in ("linear", "relu", "sigmoid", "tanh", "softmax"):
        yield "Dense", {"units": 6, "activation": activation}, (4, 9)
    yield "Dense", {"units": 1, "use_bias": False}, (1, 1)
    yield "Dense", {"units": 33}, (1, 50)
    yield "Dense", {"units": 4, "activation": "tanh"}, (2, 3, 5)


def poolings():
    for kind in ("MaxPooling2D", "AveragePooling2D"):
        for size, strides, plane in (
            (2, None, (5, 6)),
            (3, 2, (6, 7)),
            (3, 1, (4, 4)),
            ((1, 3), (2, 4), (5, 9)),
            (2, 3, (8, 7)),
        ):
            for padding in ("valid", "same"):
                settings = {"pool_size": size, "strides": strides, "padding": padding}
                yield kind, settings, (2, *plane, 3)
    yield "GlobalAveragePooling2D", {}, (3, 5, 4, 2)
    yield "GlobalAveragePooling2D", {}, (1, 1, 1, 1)


def batch_normalizations():
    for settings in (
        {},
        {"momentum": 0.9, "epsilon": 1e-5},
        {"center": False},
        {"scale": False},
        {"center": False, "scale": False, "momentum": 0.0},
    ):
        for shape in ((7, 5), (3, 4, 5, 2), (1, 3, 2, 4)):
            yield "BatchNormalization", settings, shape
    yield "BatchNormalization", {}, (1, 3)


def others():
    for shape in ((1, 3, 4, 5), (6, 7)):
        for kind in ("ReLU", "Softmax", "Flatten"):
            yield kind, {}, shape
        for name in ("linear", "relu", "sigmoid", "tanh", "softmax"):
            yield "Activation", {"activation": name}, shape
        yield "Rescaling", {"scale": 2.5, "offset": -1.0}, shape


def winograd_convolutions():
    """Yield what scratchnet computes by Winograd's algorithm: tiles whole and cut."""
    for plane, padding in (
        ((6, 6), "valid"),
        ((5, 8), "valid"),
        ((3, 4), "valid"),
        ((6, 7), "same"),
        ((1, 2), "same"),
    ):
        settings = {"filters": 9, "kernel_size": 3, "padding": padding}
        yield "Conv2D", settings, (2, *plane, 8)


def steps(rng):
    """Yield name → step, in both dtypes."""
    for kind, settings, shape in (
        *convolutions(),
        *denses(),
        *poolings(),
        *batch_normalizations(),
        *others(),
        *winograd_convolutions(),
    ):
        variants = {"": {}}
        if kind == "MaxPooling2D":
            variants[" ties"] = {"values": draw.ties}
        if kind == "BatchNormalization":
            variants[" frozen"] = {"frozen": True}
            variants[" around 30"] = {"values": draw.around_30}
        for variant, more in variants.items():
            for dtype in ("float32", "float64"):
                words = ",".join(f"{k}={v}" for k, v in settings.items())
                words = words.replace("/", "")
                sizes = "x".join(map(str, shape))
                name = f"{kind}({words}) {sizes} {dtype}{variant}"
                yield name, oracle.make_step(kind, settings, shape, rng, dtype, **more)


def layers():
    """Return the arrays of ``layers.npz``."""
    arrays = {}
    for name, step in steps(np.random.default_rng(SEED)):
        bounds = rounding.bounds(step)
        if bounds is None:
            raise RuntimeError(f"{name}: rounding decides; choose another SEED")
        config = {"kind": step.kind, "settings": step.settings, "frozen": step.frozen}
        arrays[f"{name}/config"] = np.array(json.dumps(config))
        arrays |= {f"{name}/in/x": step.x, f"{name}/in/dy": step.dy}
        arrays |= {f"{name}/weight/{k}": v for k, v in step.weights.items()}
        for key, value in oracle.theirs(step).items():
            arrays[f"{name}/out/{key}"] = value
            # Three digits do for a bound, rounded up.
            bound = np.asarray(bounds[key]) * 1.001
            arrays[f"{name}/bound/{key}"] = bound.astype(np.float32)
    return arrays


def loss_cases(rng):
    """Yield name, class, settings, y, predictions, weights and analysis of a loss."""
    for dtype in ("float32", "float64"):
        for weighted in (False, True):
            for N, C in ((1, 2), (7, 4)):
                labels = rng.integers(0, C, N)
                one_hot = np.eye(C, dtype=dtype)[labels]
                logits = (5 * rng.standard_normal((N, C))).astype(dtype)
                p = draw.probabilities(rng, N, C, dtype)
                weights = draw.sample_weights(rng, N, dtype, weighted)
                end = f"{N}x{C} {dtype}{' weighted' if weighted else ''}"
                yield from of_logits(end, labels, one_hot, logits, weights)
                yield from of_probabilities(end, labels, one_hot, p, weights)
                target = rng.standard_normal((N, C)).astype(dtype)

                def squared(scale, y=logits, target=target):
                    none = np.zeros(y.shape)
                    return loss_rounding.mean_squared_error(
                        np.float64(target), np.float64(y), none, scale, y.dtype
                    )

                name = "MeanSquaredError"
                yield f"{name} {end}", name, {}, target, logits, weights, squared


def of_logits(end, labels, one_hot, logits, weights):
    """Yield the cross-entropies of logits."""
    for smoothing in (None, 0.0, 0.1, 1.0):

        def analysis(scale, smoothing=smoothing or 0.0):
            targets = draw.smooth(np.float64(one_hot), smoothing)
            wide = np.float64(logits)
            return loss_rounding.from_logits(
                targets, wide, np.zeros_like(wide), scale, logits.dtype
            )

        settings, y = {"from_logits": True}, labels
        name = "SparseCategoricalCrossentropy"
        if smoothing is not None:
            settings["label_smoothing"], y = smoothing, one_hot
            name = "CategoricalCrossentropy"
        title = f"{name} logits {smoothing} {end}"
        yield title, name, settings, y, logits, weights, analysis


def of_probabilities(end, labels, one_hot, p, weights):
    """Yield the cross-entropies of probabilities."""
    for smoothing in (0.0, 0.1):

        def analysis(scale, smoothing=smoothing):
            targets = draw.smooth(np.float64(one_hot), smoothing)
            return loss_rounding.from_probabilities(
                targets, np.float64(p), scale, p.dtype
            )

        name, settings = "CategoricalCrossentropy", {"label_smoothing": smoothing}
        yield f"{name} {smoothing} {end}", name, settings, one_hot, p, weights, analysis

    def sparse(scale):
        return loss_rounding.sparse_from_probabilities(
            np.float64(one_hot), np.float64(p), scale, p.dtype
        )

    name = "SparseCategoricalCrossentropy"
    yield f"{name} {end}", name, {}, labels, p, weights, sparse


def losses():
    """Return the arrays of ``losses.npz``."""
    arrays = {}
    cases = loss_cases(np.random.default_rng(SEED))
    for title, name, settings, y, y_pred, weights, analysis in cases:
        dtype = y_pred.dtype.name
        config = {"kind": name, "settings": settings}
        arrays[f"{title}/config"] = np.array(json.dumps(config))
        arrays |= {f"{title}/in/y": y, f"{title}/in/y_pred": y_pred}
        if weights is not None:
            arrays[f"{title}/in/weights"] = weights
        loss = getattr(oracle.keras.losses, name)(**settings, dtype=dtype)
        for key, value in oracle.loss_results(loss, y, y_pred, weights).items():
            arrays[f"{title}/out/{key}"] = value
        bounds = loss_rounding.bounds(analysis, y_pred, weights)
        for key, bound in bounds.items():
            arrays[f"{title}/bound/{key}"] = np.float32(1.001 * np.asarray(bound))
    return arrays


def main():
    """Write both files."""
    write("layers", layers(), SEED)
    write("losses", losses(), SEED)
