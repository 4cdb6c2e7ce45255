"""Which operations the six models run, on which shapes, and with which arguments."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from benchmarks.harness.networks import CASES, Case, sequential
from scratchnet.kernels import FORMULAS

BATCH_SIZE = 64

# Rows of a data set to gather a batch from: more than any cache holds.
ROWS = 20_000

OTHER_LOSSES = tuple(
    f"{name}_{way}"
    for name in (
        *("mean_absolute_error", "mean_absolute_percentage_error", "huber", "log_cosh"),
        *("mean_squared_logarithmic_error", "poisson", "kl_divergence", "tversky"),
        *("binary_crossentropy", "binary_crossentropy_from_logits", "hinge"),
        *("binary_focal_crossentropy", "squared_hinge", "categorical_hinge"),
        *("cosine_similarity", "categorical_focal_crossentropy"),
    )
    for way in ("forward", "backward")
)

OPERATIONS_OF = {
    "convolution": (
        "convolution_forward",
        "convolution_backward_weight",
        "convolution_backward_input",
    ),
    "grouped_convolution": (
        "grouped_convolution_forward",
        "grouped_convolution_backward_weight",
        "grouped_convolution_backward_input",
    ),
    "depthwise_convolution": (
        "depthwise_convolution_forward",
        "depthwise_convolution_backward_weight",
        "depthwise_convolution_backward_input",
    ),
    "pooled_convolution": (
        "pooled_convolution_forward",
        "pooled_convolution_backward",
        "measured_convolution_forward",
        "normalised_convolution_backward",
        "normalised_convolution_inference",
    ),
    "dense": ("dense_forward", "dense_backward_weight", "dense_backward_input"),
    "dense_chain": ("dense_chain_forward", "dense_chain_backward"),
    "pooling": (
        "max_pooling_forward",
        "max_pooling_backward",
        "normalised_pooling_forward",
        "average_pooling_forward",
        "average_pooling_backward",
    ),
    "global_pooling": ("global_max_pooling_forward", "global_max_pooling_backward"),
    "parametric_relu": ("parametric_relu_forward", "parametric_relu_backward"),
    "group_normalization": (
        "group_normalization_forward",
        "group_normalization_backward",
    ),
    "batch_normalization": (
        "batch_normalization_statistics",
        "batch_normalization_forward",
        "batch_normalization_backward",
        "batch_normalization_inference",
        "batch_normalization_backward_inference",
    ),
    "activation": (
        "relu_forward",
        "relu_backward",
        *(f"{name}_{way}" for name in FORMULAS for way in ("forward", "backward")),
    ),
    "dropout": ("dropout", "standard_normal"),
    "loss": (
        "softmax_cross_entropy_forward",
        "softmax_cross_entropy_backward",
        "softmax_forward",
        "softmax_backward",
        "log_softmax_forward",
        "log_softmax_backward",
        "cross_entropy_forward",
        "cross_entropy_backward",
        "mean_squared_error_forward",
        "mean_squared_error_backward",
    ),
    "other_losses": OTHER_LOSSES,
    "adam": ("adam_update",),
    "rmsprop": ("rmsprop_update",),
    "sgd": ("sgd_update", "sgd_momentum_update"),
    "other_updates": (
        *("adagrad_update", "adadelta_update", "adamax_update", "nadam_update"),
        *("lion_update", "ftrl_update", "weight_decay", "moving_average"),
    ),
    "penalty": ("penalty", "penalty_gradient"),
    "gather": ("gather", "first_non_finite"),
    "images": ("affine_transform_forward", "affine_transform_backward"),
    "contrast": ("contrast_forward", "contrast_backward"),
    "upsampling": (
        "upsampling_forward",
        "upsampling_backward",
        "bilinear_forward",
        "bilinear_backward",
    ),
}

# No training step of the six models runs these: one shape of them is enough.
ELSEWHERE = {
    *OTHER_LOSSES,
    *("average_pooling_forward", "average_pooling_backward"),
    "batch_normalization_backward_inference",
    *("affine_transform_forward", "affine_transform_backward"),
    *("contrast_forward", "contrast_backward"),
    "grouped_convolution_forward",
    *("grouped_convolution_backward_weight", "grouped_convolution_backward_input"),
    "depthwise_convolution_forward",
    *("depthwise_convolution_backward_weight", "depthwise_convolution_backward_input"),
    *("upsampling_forward", "upsampling_backward"),
    *("bilinear_forward", "bilinear_backward"),
    *(f"{name}_{way}" for name in FORMULAS for way in ("forward", "backward")),
    *("log_softmax_forward", "log_softmax_backward"),
    *("softmax_backward", "cross_entropy_forward", "cross_entropy_backward"),
    *("mean_squared_error_forward", "mean_squared_error_backward"),
    *("global_max_pooling_forward", "global_max_pooling_backward", "standard_normal"),
    *("parametric_relu_forward", "parametric_relu_backward"),
    *("group_normalization_forward", "group_normalization_backward"),
    *("rmsprop_update", "sgd_update", "sgd_momentum_update", "first_non_finite"),
    *("adagrad_update", "adadelta_update", "adamax_update", "nadam_update"),
    *("lion_update", "ftrl_update", "weight_decay", "moving_average"),
    *("penalty", "penalty_gradient"),
}

# The rest is limited by memory, and reported in bytes per second.
ARITHMETIC = {
    *("convolution", "grouped_convolution", "pooled_convolution"),
    *("dense", "dense_chain"),
}

# These compute the gradients of both factors, unless their shapes have no ``dx``.
BOTH_GRADIENTS = {
    "dense_chain_backward",
    "pooled_convolution_backward",
    "normalised_convolution_backward",
}

Shape = tuple[int, ...]


@dataclass
class KernelCase:
    """One shape on which operations of one kind run.

    Attributes:
        kind: one of `OPERATIONS_OF`.
        shapes: name → shape, as the kind's function below takes them.
        first: whether it comes first in all its models, which then never ask for the
            gradient of its input.
        models: which models have it.
        operations: which operations to measure on it.
    """

    kind: str
    shapes: dict[str, Shape]
    first: bool
    models: list[str] = field(default_factory=list)
    operations: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The shapes, as the table shows them."""
        return ", ".join(
            f"{name} {'×'.join(map(str, shape))}" for name, shape in self.shapes.items()
        )

    @property
    def flop(self) -> float | None:
        """Arithmetic of one pass, or None where memory is the limit."""
        if self.kind not in ARITHMETIC:
            return None
        if self.kind == "dense_chain":
            N, *sizes = (*self.shapes["x"], *self.shapes["units"])
            return 2.0 * N * sum(a * b for a, b in itertools.pairwise(sizes))
        positions = prod(self.shapes["y"][:-1])
        return 2.0 * prod(self.shapes["weight"]) * positions

    def flop_of(self, operation: str) -> float | None:
        """Arithmetic of an operation: of one pass, or of two."""
        if self.flop is None or operation not in BOTH_GRADIENTS:
            return self.flop
        if "dx" in self.shapes:
            return 2 * self.flop
        if self.kind == "dense_chain":  # gradients of all inputs but the first one
            (N, inputs), (outputs, *_) = self.shapes["x"], self.shapes["units"]
            return 2 * self.flop - 2.0 * N * inputs * outputs
        return self.flop

    @property
    def size(self) -> int:
        """Number of elements in all arrays."""
        return sum(prod(shape) for shape in self.shapes.values())


def kernel_cases(names: list[str] | None = None) -> list[KernelCase]:
    """Return every shape on which some models run operations.

    What is measured on a shape does not depend on the choice of models, so that cases
    of several runs fit together.

    Args:
        names: of the models, by default all six.
    """
    found: dict[Any, KernelCase] = {}
    for name in CASES:
        for kind, shapes, first in _walk(CASES[name]):
            key = (kind, *shapes.items())
            case = found.setdefault(key, KernelCase(kind, shapes, first))
            case.models.append(name)
            case.first = case.first and first
    cases = list(found.values())
    for case in cases:
        others = [other for other in cases if other.kind == case.kind]
        largest = case is max(others, key=lambda other: other.size)
        case.operations = tuple(
            operation
            for operation in OPERATIONS_OF[case.kind]
            if (largest or operation not in ELSEWHERE)
            and not (case.first and operation.endswith("backward_input"))
        )
    chosen = [case for case in cases if set(case.models) & set(names or CASES)]
    return sorted(chosen, key=lambda case: list(OPERATIONS_OF).index(case.kind))


def _walk(case: Case) -> list[tuple[str, dict[str, Shape], bool]]:
    """Return (kind, shapes, whether it is the first) for all that a step runs."""
    import scratchnet

    model = sequential(scratchnet, case.image_shape, case.network())
    x = (BATCH_SIZE, *case.image_shape)
    steps: list[tuple[str, dict[str, Shape], bool]] = [
        ("gather", {"row": (prod(case.image_shape),)}, False),
        ("images", {"images": x}, False),
        ("contrast", {"images": (BATCH_SIZE, prod(x[1:3]), x[3])}, False),
        ("adam", {"parameter": (model.count_params(),)}, False),
        ("rmsprop", {"parameter": (model.count_params(),)}, False),
        ("sgd", {"parameter": (model.count_params(),)}, False),
        ("other_updates", {"parameter": (model.count_params(),)}, False),
        ("penalty", {"x": (model.count_params(),)}, False),
        ("loss", {"logits": (BATCH_SIZE, case.classes)}, False),
        ("other_losses", {"predictions": (BATCH_SIZE, case.classes)}, False),
    ]
    first = True
    for layer in model.layers:
        y = (BATCH_SIZE, *layer.output_shape[1:])
        kind = type(layer).__name__
        if kind in ("Conv2D", "Dense"):
            weight = layer.params["kernel"].shape
            name = "convolution" if kind == "Conv2D" else "dense"
            shapes = {"x": x, "weight": weight, "y": y}
            steps.append((name, shapes, first))
            if kind == "Conv2D":
                steps.append(("grouped_convolution", shapes, False))
                own = (*weight[:2], x[3], 1)
                by_channel = {"x": x, "weight": own, "y": (*y[:3], x[3])}
                steps.append(("depthwise_convolution", by_channel, first))
                shapes = shapes if first else shapes | {"dx": x}
                steps.append(("pooled_convolution", shapes, first))
            if layer.get_config()["activation"] == "relu":
                steps.append(("activation", {"x": (prod(y),)}, False))
            first = False
        elif kind == "MaxPooling2D":
            steps.append(("pooling", {"x": x, "y": y}, False))
            N, H, W, C = y
            steps.append(("upsampling", {"x": y, "y": (N, 2 * H, 2 * W, C)}, False))
        elif kind == "BatchNormalization":
            rows = (prod(x[:-1]), x[-1])
            steps.append(("batch_normalization", {"x": rows}, False))
            if len(x) == 4:
                pixels = (x[0], prod(x[1:-1]), x[-1])
                steps.append(("global_pooling", {"x": pixels}, False))
                steps.append(("group_normalization", {"x": pixels}, False))
                steps.append(("parametric_relu", {"x": rows}, False))
        elif kind == "Dropout":
            steps.append(("dropout", {"x": (prod(x),)}, False))
        x = y
    return steps + _dense_chains(model)


def _dense_chains(model: Any) -> list[tuple[str, dict[str, Shape], bool]]:
    """Return the runs of dense layers: what is measured ends in a softmax."""
    steps: list[tuple[str, dict[str, Shape], bool]] = []
    for dense, run in itertools.groupby(
        model.layers, lambda layer: type(layer).__name__ == "Dense"
    ):
        if dense:
            layers = list(run)
            before = model.layers[: model.layers.index(layers[0])]
            inputs = layers[0].params["kernel"].shape[0]
            x = BATCH_SIZE, inputs
            shapes = {"x": x, "units": tuple(layer.units for layer in layers)}
            if any(layer.params for layer in before):
                shapes["dx"] = x
            steps.append(("dense_chain", shapes, False))
    return steps


# What each kind of operation is called with: values by the names of its parameters.

Values = dict[str, Any]


def arguments(kind: str, shapes: dict[str, Shape]) -> Values:
    """Return values for every parameter of a kind's operations."""
    made: Values = MAKERS[kind](np.random.default_rng(0), **shapes)
    return made


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape, dtype=np.float32)


def _layer(rng: np.random.Generator, x: Shape, weight: Shape, y: Shape) -> Values:
    channels = weight[-1]
    return {
        "x": _normal(rng, *x),
        "weight": _normal(rng, *weight),
        "bias": _normal(rng, channels),
        "y": _normal(rng, *y),
        "dy": _normal(rng, *y),
        "dx": np.empty(x, np.float32),
        "d_weight": np.empty(weight, np.float32),
        "d_bias": np.empty(channels, np.float32),
        "strides": (1, 1),
        "pads": (0, 0),
    }


def _grouped_convolution(
    rng: np.random.Generator, x: Shape, weight: Shape, y: Shape
) -> Values:
    """Return windows of 3x3 with gaps, padded so that y is as large as without."""
    spread = {"pads": (1, 1), "dilation": (2, 2), "groups": 1}
    return _layer(rng, x, weight, y) | spread


def _depthwise_convolution(
    rng: np.random.Generator, x: Shape, weight: Shape, y: Shape
) -> Values:
    values = _layer(rng, x, weight, y)
    written = {"d_bias": np.empty(y[3], np.float32), "dilation": (1, 1)}
    return values | {"bias": _normal(rng, y[3])} | written


def _dense_chain(
    rng: np.random.Generator, x: Shape, units: Shape, dx: Shape | None = None
) -> Values:
    sizes = list(itertools.pairwise((x[1], *units)))
    return {
        "x": _normal(rng, *x),
        "weights": tuple(_normal(rng, *size) / size[0] ** 0.5 for size in sizes),
        "biases": tuple(_normal(rng, size) for size in units),
        "activations": ("relu",) * (len(units) - 1) + ("softmax",),
        "outputs": tuple(np.empty((x[0], size), np.float32) for size in units),
        "activations_between": ("relu",) * (len(units) - 1),
        "between": tuple(_normal(rng, x[0], size) for size in units[:-1]),
        "dz": _normal(rng, x[0], units[-1]),
        "d_weights": tuple(np.empty(size, np.float32) for size in sizes),
        "d_biases": tuple(np.empty(size, np.float32) for size in units),
        "d_between": tuple(np.empty((x[0], n), np.float32) for n in units[:-1]),
        "dx": None if dx is None else np.empty(dx, np.float32),
    }


def _pooled_convolution(
    rng: np.random.Generator, x: Shape, weight: Shape, y: Shape, dx: Shape | None = None
) -> Values:
    """Return a convolution with windows of 2x2; ``y`` is the convolution's output."""
    from scratchnet import kernels
    from scratchnet.kernels.pooled_convolution.operands import Gradients, Options

    convolution = _layer(rng, x, weight, y)
    z = convolution.pop("y")
    N, OH, OW, C = y
    arrays = (convolution[name] for name in ("x", "weight", "bias"))
    statistics = np.empty(C, np.float32), np.empty(C, np.float32)
    kernels.measured_convolution_forward(*arrays, z, *statistics, (1, 1), (0, 0))
    pooled = _pooled(rng, z, (N, OH // 2, OW // 2, C))
    values = pooled | convolution
    chosen = rng.integers(-1, 4, pooled["y"].shape).astype(np.float32)
    values |= {"dy": pooled["dy"], "chosen": chosen}
    values |= dict(zip(("mean", "variance"), statistics, strict=True))
    values["options"] = Options((1, 1), (0, 0), (2, 2))
    values["gradients"] = Gradients(
        values["d_weight"],
        values["d_bias"],
        None if dx is None else np.empty(dx, np.float32),
        *np.zeros((2, C), np.float32),
    )
    return values


def _pooling(rng: np.random.Generator, x: Shape, y: Shape) -> Values:
    return _pooled(rng, np.maximum(_normal(rng, *x), 0), y)


def _pooled(rng: np.random.Generator, values: np.ndarray, y: Shape) -> Values:
    """Return windows of 2x2 on what a ReLU wrote."""
    from scratchnet.kernels.pooled_convolution.operands import Normalisation

    N, OH, OW, C = y
    windows = values[:, : 2 * OH, : 2 * OW].reshape(N, OH, 2, OW, 2, C)
    mean, variance = values.mean(axis=(0, 1, 2)), values.var(axis=(0, 1, 2))
    largest = np.ascontiguousarray(windows.max(axis=(2, 4)))
    return {
        **{"x": values, "z": values},
        **{"y": largest, "selected": largest.copy()},
        "dy": _normal(rng, *y),
        "dx": np.empty_like(values),
        "pool_size": (2, 2),
        "strides": (2, 2),
        "pads": (0, 0),
        "normalisation": Normalisation(
            mean, variance, np.ones(C, np.float32), _normal(rng, C), 0.001
        ),
    }


def _images(rng: np.random.Generator, images: Shape) -> Values:
    """Turn every image by another angle."""
    N, H, W, _ = images
    cosine, sine = (of(rng.uniform(-0.6, 0.6, N)) for of in (np.cos, np.sin))
    x, y, nothing = (W - 1) / 2, (H - 1) / 2, np.zeros(N)
    across = (cosine, -sine, nothing + x - x * cosine + y * sine)
    down = (sine, cosine, nothing + y - x * sine - y * cosine)
    return {
        "x": _normal(rng, *images),
        "dy": _normal(rng, *images),
        "matrices": np.stack([*across, *down], axis=1).astype(np.float32),
        **{"interpolation": "bilinear", "fill_mode": "reflect", "fill_value": 0.0},
        "y": np.empty(images, np.float32),
        "dx": np.empty(images, np.float32),
    }


def _contrast(rng: np.random.Generator, images: Shape) -> Values:
    return {
        "x": _normal(rng, *images),
        "dy": _normal(rng, *images),
        "factors": rng.uniform(0.5, 1.5, images[0]).astype(np.float32),
        **{"low": -2.0, "high": 2.0},
        "y": np.empty(images, np.float32),
        "dx": np.empty(images, np.float32),
    }


def _upsampling(rng: np.random.Generator, x: Shape, y: Shape) -> Values:
    written = {"y": np.empty(y, np.float32), "dx": np.empty(x, np.float32)}
    return {"x": _normal(rng, *x), "dy": _normal(rng, *y), "size": (2, 2), **written}


def _batch_normalization(rng: np.random.Generator, x: Shape) -> Values:
    values, C = _normal(rng, *x), x[1]
    mean, variance = values.mean(axis=0), values.var(axis=0)
    return {
        "x": values,
        "gamma": _normal(rng, C),
        "beta": _normal(rng, C),
        "epsilon": 0.001,
        "y": np.empty_like(values),
        **{"mean": mean, "variance": variance},
        **{"moving_mean": mean.copy(), "moving_variance": variance.copy()},
        "dy": _normal(rng, *x),
        "dx": np.empty_like(values),
        "d_gamma": np.empty(C, np.float32),
        "d_beta": np.empty(C, np.float32),
    }


def _elementwise(rng: np.random.Generator, x: Shape) -> Values:
    return {
        "x": _normal(rng, *x),
        "y": rng.random(x, dtype=np.float32),
        "dy": _normal(rng, *x),
        **{"negative_slope": 0.2, "alpha": 1.0, "b": 4.0, "low": 0.0, "high": 6.0},
        **{"threshold": 0.5, "default_value": 0.0},
        "dx": np.empty(x, np.float32),
        **{"rate": 0.25, "seed": 1, "step": 1},
    }


def _parametric_relu(rng: np.random.Generator, x: Shape) -> Values:
    written = {"y": x, "dx": x, "d_alpha": x[1:]}
    return {
        "x": _normal(rng, *x),
        "alpha": _normal(rng, *x[1:]),
        "dy": _normal(rng, *x),
        **{name: np.empty(shape, np.float32) for name, shape in written.items()},
    }


def _group_normalization(rng: np.random.Generator, x: Shape) -> Values:
    values, groups = _normal(rng, *x), 8
    own = values.reshape(*x[:2], groups, -1)
    return {
        "x": values,
        "gamma": _normal(rng, x[-1]),
        "beta": _normal(rng, x[-1]),
        "groups": groups,
        "epsilon": 1e-3,
        "dy": _normal(rng, *x),
        "mean": own.mean(axis=(1, 3)),
        "variance": own.var(axis=(1, 3)),
        **{name: np.empty(x, np.float32) for name in ("y", "dx")},
        **{name: np.empty(x[-1], np.float32) for name in ("d_gamma", "d_beta")},
    }


def _global_pooling(rng: np.random.Generator, x: Shape) -> Values:
    values, (N, _, C) = _normal(rng, *x), x
    return {
        "x": values,
        "y": values.max(axis=1),
        "dy": _normal(rng, N, C),
        "dx": np.empty(x, np.float32),
    }


def _loss(rng: np.random.Generator, logits: Shape) -> Values:
    N, C = logits
    probabilities = rng.random(logits, dtype=np.float32)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    targets = np.eye(C, dtype=np.float32)[rng.integers(C, size=N)]
    written = ("d_logits", "d_probabilities", "d_predictions", "dx")
    return {
        "logits": _normal(rng, N, C),
        "x": _normal(rng, N, C),
        "predictions": _normal(rng, N, C),
        "probabilities": probabilities,
        "y": probabilities.copy(),
        "dy": _normal(rng, N, C),
        "targets": targets,
        "losses": np.empty(N, np.float32),
        "scale": np.full(N, 1 / N, np.float32),
        "normalise": True,
        **{name: np.empty(logits, np.float32) for name in written},
    }


def _other_losses(rng: np.random.Generator, predictions: Shape) -> Values:
    N, C = predictions
    return {
        "predictions": rng.uniform(0.01, 0.99, predictions).astype(np.float32),
        "targets": np.eye(C, dtype=np.float32)[rng.integers(C, size=N)],
        "losses": np.empty(N, np.float32),
        "scale": np.full(N, 1 / N, np.float32),
        "d_predictions": np.empty(predictions, np.float32),
        **{"epsilon": 1e-7, "delta": 1.0, "low": 1e-6, "high": 1 - 1e-6},
        **{"alpha": 0.25, "beta": 0.75, "gamma": 2.0},
    }


def _adam(rng: np.random.Generator, parameter: Shape) -> Values:
    return {
        "parameters": (_normal(rng, *parameter),),
        "gradients": (_normal(rng, *parameter),),
        "momenta": (np.zeros(parameter, np.float32),),
        "velocities": (np.zeros(parameter, np.float32),),
        "highest": (),
        **{"alpha": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    }


def _rmsprop(rng: np.random.Generator, parameter: Shape) -> Values:
    return {
        "parameters": (_normal(rng, *parameter),),
        "gradients": (_normal(rng, *parameter),),
        "velocities": (np.zeros(parameter, np.float32),),
        **{"momenta": (), "average_gradients": ()},
        **{"learning_rate": 1e-6, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7},
    }


def _sgd(rng: np.random.Generator, parameter: Shape) -> Values:
    return {
        "parameter": _normal(rng, *parameter),
        "gradient": _normal(rng, *parameter),
        "momentum_buffer": np.zeros(parameter, np.float32),
        **{"learning_rate": 1e-6, "momentum": 0.9, "nesterov": False},
    }


def _other_updates(rng: np.random.Generator, parameter: Shape) -> Values:
    rates = {"learning_rate": 1e-6, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
    rates |= {"of_momentum": 0.9, "of_gradient": 0.1, "correction": 0.5, "rho": 0.95}
    rates |= {"power": 0.5, "l1": 0.0, "l2": 0.0, "shrinkage": 0.0}
    slots = ("accumulators", "squares", "changes", "momenta", "norms", "velocities")
    return {
        "parameters": (_normal(rng, *parameter),),
        "gradients": (_normal(rng, *parameter),),
        **{slot: (np.ones(parameter, np.float32),) for slot in slots},
        "linears": (np.zeros(parameter, np.float32),),
        "averages": (np.zeros(parameter, np.float32),),
        **{**rates, "decay": 0.004, "momentum": 0.99},
    }


def _penalty(rng: np.random.Generator, x: Shape) -> Values:
    values = {"x": _normal(rng, *x), "gradient": np.zeros(x, np.float32)}
    return {**values, "l1": 1e-4, "l2": 1e-4}


def _gather(rng: np.random.Generator, row: Shape) -> Values:
    return {
        "x": rng.integers(256, size=(ROWS, *row), dtype=np.uint8),
        "indices": rng.integers(ROWS, size=BATCH_SIZE),
        "scale": 1 / 255,
        "y": np.zeros((BATCH_SIZE, *row), np.float32),
    }


MAKERS: dict[str, Callable[..., Values]] = {
    "convolution": _layer,
    "grouped_convolution": _grouped_convolution,
    "depthwise_convolution": _depthwise_convolution,
    "pooled_convolution": _pooled_convolution,
    "dense": _layer,
    "dense_chain": _dense_chain,
    "pooling": _pooling,
    "batch_normalization": _batch_normalization,
    "activation": _elementwise,
    "dropout": _elementwise,
    "global_pooling": _global_pooling,
    "parametric_relu": _parametric_relu,
    "group_normalization": _group_normalization,
    "loss": _loss,
    "other_losses": _other_losses,
    "adam": _adam,
    "rmsprop": _rmsprop,
    "sgd": _sgd,
    "other_updates": _other_updates,
    "penalty": _penalty,
    "gather": _gather,
    "images": _images,
    "contrast": _contrast,
    "upsampling": _upsampling,
}
