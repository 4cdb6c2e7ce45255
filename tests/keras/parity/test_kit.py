"""The tolerances can fail: small errors, planted, are found.

python -m pytest tests/keras/parity/test_kit.py
"""

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

from scratchnet import kernels
from scratchnet import losses as our_losses
from scratchnet import optimizers as our_optimizers
from scratchnet.layers import BatchNormalization, windows
from tests.keras.golden.step import assert_within, loss_results, ours
from tests.keras.parity import draw, loss_rounding, oracle, rounding
from tests.keras.parity import test_models as models
from tests.keras.parity import test_optimizers as optimizers

CONVOLUTION = ("Conv2D", {"filters": 5, "kernel_size": 3, "padding": "same"})
LAYERS = [
    (*CONVOLUTION, (3, 7, 6, 8)),
    ("Conv2D", {"filters": 9, "kernel_size": 3, "padding": "same"}, (3, 7, 6, 8)),
    (
        "Conv2D",
        {"filters": 3, "kernel_size": (2, 5), "strides": 2, "activation": "tanh"},
        (1, 9, 7, 2),
    ),
    ("Dense", {"units": 7, "activation": "softmax"}, (9, 50)),
    ("Dense", {"units": 1, "activation": "sigmoid", "use_bias": False}, (1, 3)),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, (2, 6, 7, 3)),
    (
        "AveragePooling2D",
        {"pool_size": 3, "strides": 2, "padding": "same"},
        (2, 6, 7, 3),
    ),
    ("GlobalAveragePooling2D", {}, (2, 6, 7, 3)),
    ("BatchNormalization", {}, (4, 3, 3, 5)),
    ("BatchNormalization", {"scale": False}, (32, 17)),
    ("Softmax", {}, (5, 10)),
    ("Activation", {"activation": "tanh"}, (5, 10)),
]


def take(kind, settings, shape, dtype, **more):
    """Return a step, what Keras makes of it, and the bounds."""
    step = oracle.make_step(
        kind, settings, shape, np.random.default_rng(4), dtype, **more
    )
    bounds = rounding.bounds(step)
    assert bounds is not None
    return step, oracle.theirs(step), bounds


def assert_found(found, expected, bounds, where=""):
    with pytest.raises(AssertionError, match=f"{where}.*differ by more than rounding"):
        assert_within(found, expected, bounds)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "settings", "shape"), LAYERS)
def test_one_element_off_by_a_thousandth_is_found_in_every_result(
    kind, settings, shape, dtype
):
    step, expected, bounds = take(kind, settings, shape, dtype)
    assert_within(ours(step), expected, bounds)
    for name in expected:
        found = {key: value.copy() for key, value in expected.items()}
        largest = np.unravel_index(np.abs(found[name]).argmax(), found[name].shape)
        found[name][largest] *= 1.001
        assert_found(found, expected, bounds, name)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "settings", "shape"), LAYERS)
def test_not_a_number_is_found(kind, settings, shape, dtype):
    step, expected, bounds = take(kind, settings, shape, dtype)
    found = ours(step)
    found["dx"][...] = np.nan
    assert_found(found, expected, bounds, "dx")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "settings", "shape"), LAYERS[:5])
def test_one_weight_off_by_a_thousandth_is_found(kind, settings, shape, dtype):
    step, expected, bounds = take(kind, settings, shape, dtype)
    kernel = step.weights["kernel"]
    kernel[np.unravel_index(np.abs(kernel).argmax(), kernel.shape)] *= 1.001
    found = ours(step)
    assert_found({"y": found["y"]}, {"y": expected["y"]}, bounds)
    assert_found({"dx": found["dx"]}, {"dx": expected["dx"]}, bounds)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        CONVOLUTION,
        ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}),
        ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}),
    ],
)
def test_padding_off_by_one_is_found(monkeypatch, kind, settings):
    step, expected, bounds = take(kind, settings, (2, 7, 7, 2), "float32")
    right = windows.pad_before
    monkeypatch.setattr(
        windows, "pad_before", lambda *arguments: max(right(*arguments) - 1, 0)
    )
    with kernels.rung("reference"):
        assert_found(ours(step), expected, bounds)


def test_a_tie_decided_for_the_last_maximum_is_found():
    settings = {"pool_size": 2}
    step, expected, bounds = take(
        "MaxPooling2D", settings, (2, 6, 6, 3), "float32", values=draw.ties
    )
    found = ours(step)
    assert_within(found, expected, bounds)
    step.x, step.dy = step.x[:, ::-1, ::-1], step.dy[:, ::-1, ::-1]
    found["dx"] = ours(step)["dx"][:, ::-1, ::-1]
    assert_found(found, expected, bounds, "dx")


@pytest.mark.parametrize("settings", [{"momentum": 0.9899}, {"epsilon": 1.1e-3}])
def test_other_settings_of_batch_normalization_are_found(settings):
    step, expected, bounds = take("BatchNormalization", {}, (4, 3, 3, 5), "float32")
    step.settings = settings
    assert_found(ours(step), expected, bounds)


def test_a_moving_variance_divided_by_one_less_is_found(monkeypatch):
    step, expected, bounds = take("BatchNormalization", {}, (4, 3, 3, 5), "float32")
    follow = BatchNormalization.follow
    monkeypatch.setattr(
        BatchNormalization,
        "follow",
        lambda self, mean, variance: follow(self, mean, variance * (36 / 35)),
    )
    assert_found(ours(step), expected, bounds, "moving_variance")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_another_label_smoothing_is_found(dtype):
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((9, 10)).astype(dtype)
    one_hot = np.eye(10, dtype=dtype)[rng.integers(0, 10, 9)]
    settings = {"from_logits": True, "label_smoothing": 0.1}
    made = oracle.keras.losses.CategoricalCrossentropy(**settings, dtype=dtype)
    expected = oracle.loss_results(made, one_hot, logits, None)
    targets = draw.smooth(one_hot.astype(float), 0.1)
    bounds = loss_rounding.bounds(
        lambda scale: loss_rounding.from_logits(
            targets, logits.astype(float), np.zeros(logits.shape), scale, dtype
        ),
        logits,
        None,
    )
    for smoothing in (0.1, 0.101):
        settings["label_smoothing"] = smoothing
        loss = our_losses.CategoricalCrossentropy(**settings)
        found = loss_results(loss, one_hot, logits)
        if smoothing == 0.1:
            assert_within(found, expected, bounds)
        else:
            for name in ("value", "dy"):
                assert_found({name: found[name]}, {name: expected[name]}, bounds, name)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "wrong", [{"beta_1": 0.901}, {"beta_2": 0.99}, {"epsilon": 1e-3}]
)
def test_other_settings_of_adam_are_found(wrong, dtype):
    start, steps = optimizers.gradients(np.random.default_rng(0), dtype, 1.0)
    rate = draw.as_keras_keeps_it(0.01)
    expected = optimizers.theirs(optimizers.keras.optimizers.Adam(rate), start, steps)
    bounds = optimizers.adam_bounds(start, steps, rate, 0.9, 0.999, 1e-7, dtype)
    found = optimizers.ours(our_optimizers.Adam(rate, **wrong), start, steps)
    assert_found(found, expected, bounds)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize(
    "wrong", [{"rho": 0.901}, {"momentum": 0.501}, {"epsilon": 1e-3}]
)
def test_other_settings_of_rmsprop_are_found(wrong, centered, dtype):
    start, steps = optimizers.gradients(np.random.default_rng(0), dtype, 1.0)
    rate = draw.as_keras_keeps_it(0.01)
    made = {"rho": 0.9, "momentum": 0.5, "epsilon": 1e-7, "centered": centered}
    theirs = optimizers.keras.optimizers.RMSprop(rate, **made)
    expected = optimizers.theirs(theirs, start, steps)
    bounds = optimizers.rmsprop_bounds(start, steps, rate, **made, dtype=dtype)
    found = optimizers.ours(our_optimizers.RMSprop(rate, **made | wrong), start, steps)
    assert_found(found, expected, bounds)


MODEL = [
    ("Conv2D", {"filters": 8, "kernel_size": 3, "activation": "relu"}),
    ("BatchNormalization", {"momentum": 0.75}),
    ("MaxPooling2D", {}),
    ("Flatten", {}),
    ("Dense", {"units": models.CLASSES}),
]


# Through a whole model the bounds add up the worst of every layer: a thousandth of one
# weight is beyond them in float64, a hundredth in float32, or a tenth where there are
# eight channels and Winograd's algorithm.
@pytest.mark.parametrize(
    ("dtype", "channels", "by"),
    [
        ("float32", 2, 0.01),
        ("float32", 8, 0.1),
        ("float64", 2, 0.001),
        ("float64", 8, 0.001),
    ],
)
@pytest.mark.parametrize("run_eagerly", [False, True])
def test_one_weight_off_by_little_is_found_in_a_model(run_eagerly, dtype, channels, by):
    drawn = (
        models.Comparison(
            *((MODEL, set()), "fused", 6, (8, 8, channels), True, dtype),
            np.random.default_rng(seed),
        )
        for seed in range(1, 9)
    )
    comparison = next(one for one in drawn if one.bounds is not None)
    expected = comparison.theirs()
    assert_within(comparison.ours(run_eagerly), expected, comparison.bounds)
    for i, right in enumerate(comparison.weights):
        wrong = [weight.copy() for weight in comparison.weights]
        wrong[i].flat[np.abs(right).argmax()] *= 1 + by
        found = comparison.ours(run_eagerly, wrong)
        # Not by what was planted, but by the gradients that it changed.
        found[f"weight {i}"] = expected[f"weight {i}"]
        if i in (4, 5):  # moving statistics take no part in the step
            assert_within(found, expected, comparison.bounds)
        else:
            assert_found(found, expected, comparison.bounds)
