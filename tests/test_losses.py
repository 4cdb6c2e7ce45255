"""Losses: values, gradients, checks of targets."""

import numpy as np
import pytest

from scratchnet import losses
from scratchnet.foundation.workspace import Workspace
from tests.keras.golden import compare


def test_values_are_those_of_keras():
    # Logits reach 90: a loss is a difference of numbers of that size.
    compare.assert_agree("losses", 8 * compare.EPSILON, scale=90)


def test_certainty_about_the_wrong_class_costs_16():
    loss = losses.CategoricalCrossentropy()
    assert loss([[1.0, 0.0]], [[0.0, 1.0]]) == pytest.approx(-np.log(1e-7), rel=1e-6)


def test_logits_of_any_size_give_a_finite_loss():
    loss = losses.CategoricalCrossentropy(from_logits=True)
    assert loss([[1.0, 0.0]], [[-1e30, 1e30]]) == pytest.approx(2e30)
    assert loss([[1.0, 0.0]], [[1e30, -1e30]]) == 0


def test_from_logits_equals_from_probabilities():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(6, 4))
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    one_hot = np.eye(4)[[0, 1, 2, 3, 0, 1]]
    expected = -np.log((probabilities * one_hot).sum(-1)).mean()
    for loss, prediction in (
        (losses.CategoricalCrossentropy(), probabilities),
        (losses.CategoricalCrossentropy(from_logits=True), logits),
    ):
        assert loss(one_hot, prediction) == pytest.approx(expected, rel=1e-12)
    for loss, prediction in (
        (losses.SparseCategoricalCrossentropy(), probabilities),
        (losses.SparseCategoricalCrossentropy(from_logits=True), logits),
    ):
        assert loss(one_hot.argmax(-1), prediction) == pytest.approx(
            expected, rel=1e-12
        )


def test_label_smoothing_moves_a_share_to_all_classes():
    prediction = np.array([[0.7, 0.2, 0.1]])
    smooth = losses.CategoricalCrossentropy(label_smoothing=0.3)
    target = np.array([0.8, 0.1, 0.1])
    assert smooth([[1, 0, 0]], prediction) == pytest.approx(
        -(target * np.log(prediction[0])).sum(), rel=1e-12
    )
    sparse = losses.SparseCategoricalCrossentropy(label_smoothing=0.3)
    assert sparse([0], prediction) == pytest.approx(smooth([[1, 0, 0]], prediction))


def test_sample_weights_divide_by_the_number_of_samples():
    loss = losses.MeanSquaredError()
    y_true, y_pred = np.zeros((3, 2)), np.array([[1.0, 1], [2, 2], [3, 3]])
    assert loss(y_true, y_pred, sample_weight=[1, 0, 2]) == pytest.approx((1 + 18) / 3)
    assert loss(y_true, y_pred, sample_weight=[[1], [0], [2]]) == pytest.approx(19 / 3)
    with pytest.raises(ValueError, match=r"sample_weight for values of shape \(3,\)"):
        loss(y_true, y_pred, sample_weight=[1, 2])


MADE = {
    "categorical": losses.CategoricalCrossentropy(),
    "categorical smoothed": losses.CategoricalCrossentropy(label_smoothing=0.2),
    "categorical logits": losses.CategoricalCrossentropy(from_logits=True),
    "sparse": losses.SparseCategoricalCrossentropy(),
    "sparse smoothed logits": losses.SparseCategoricalCrossentropy(
        from_logits=True, label_smoothing=0.2
    ),
    "squared": losses.MeanSquaredError(),
}


@pytest.mark.parametrize("name", MADE)
def test_gradient_is_the_slope(name):
    loss, rng = MADE[name], np.random.default_rng(1)
    y_pred = rng.uniform(0.1, 0.9, (5, 4))  # far from where probabilities are clipped
    y = rng.integers(0, 4, 5)
    if "sparse" not in name:
        y = rng.dirichlet(np.ones(4), 5)
    targets = loss.targets(y, y_pred.shape, np.float64)
    scale, direction, step = rng.random(5), rng.normal(size=y_pred.shape), 1e-6
    dy = loss.backward(targets, y_pred, scale).copy()
    above = (loss.forward(targets, y_pred + step * direction) * scale).sum()
    below = (loss.forward(targets, y_pred - step * direction) * scale).sum()
    # The difference quotient: step² from the truncation, eps / step from rounding.
    assert (dy * direction).sum() == pytest.approx((above - below) / 2 / step, abs=1e-7)


@pytest.mark.parametrize("name", ["categorical", "sparse"])
def test_gradient_is_zero_where_a_probability_is_clipped(name):
    loss = MADE[name]
    y_pred = np.array([[0.0, 0.25, 0.25, 0.5]])
    y = np.array([0]) if name == "sparse" else np.array([[1.0, 0, 0, 0]])
    targets = loss.targets(y, y_pred.shape, np.float64)
    dy = loss.backward(targets, y_pred, np.ones(1))
    assert dy[0, 0] == 0
    assert np.isfinite(dy).all()


def test_results_are_not_overwritten_later():
    loss = losses.CategoricalCrossentropy(from_logits=True)
    targets, logits = np.eye(3), np.zeros((3, 3))
    values = loss.forward(targets, logits)
    gradient = loss.backward(targets, logits, np.ones(3))
    kept = values.copy(), gradient.copy()
    loss.forward(targets, logits + targets)
    loss.backward(targets, logits + targets, np.ones(3))
    assert np.array_equal(values, kept[0])
    assert np.array_equal(gradient, kept[1])


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        (
            "categorical",
            np.zeros((3, 2)),
            r"one-hot y of shape \(N, 4\), received \(3, 2",
        ),
        ("categorical", np.zeros(3), "integer labels use the loss 'sparse_categorical"),
        (
            "categorical",
            np.full((3, 4), np.nan),
            r"finite y, received nan at index \(0,",
        ),
        (
            "sparse",
            np.zeros((3, 4)),
            "for one-hot targets use 'categorical_crossentrop",
        ),
        ("sparse", [0, 1, 4], "expected labels 0 to 3, received 4 at index 2"),
        ("sparse", [0, -1, 2], "expected labels 0 to 3, received -1 at index 1"),
        ("sparse", [0, 0.5, 2], "expected labels 0 to 3, received 0.5 at index 1"),
        ("sparse", [0, np.inf, 2], r"expected finite y, received inf at index \(1,\)"),
        ("squared", np.zeros((3, 5)), r"y of shape \(N, 4\) .*received \(3, 5\)"),
    ],
)
def test_targets_that_do_not_fit(loss, y, message):
    with pytest.raises(ValueError, match=message):
        MADE[loss](y, np.full((3, 4), 0.25))


def test_cross_entropy_needs_classes():
    with pytest.raises(ValueError, match=r"expected a model with output \(N, ..., cla"):
        MADE["categorical"].check(np.zeros((3, 2)), (None, None))
    with pytest.warns(UserWarning, match="one output.*use 'binary_crossentropy'"):
        MADE["categorical"].check(np.zeros((3, 1)), (None, 1))


def test_get_finds_names_and_objects():
    assert type(losses.get("mse")) is losses.MeanSquaredError
    assert type(losses.get("CategoricalCrossentropy")) is losses.CategoricalCrossentropy
    assert losses.get(MADE["sparse"]) is MADE["sparse"]
    with pytest.raises(ValueError, match="did you mean 'categorical_crossentropy'"):
        losses.get("categorical_crossentropi")
    with pytest.raises(TypeError, match=r"did you mean MeanSquaredError\(\)"):
        losses.get(losses.MeanSquaredError)


def test_arguments_outside_the_subset_are_refused():
    for settings in ({"axis": 1}, {"dtype": "float16"}):
        with pytest.raises(NotImplementedError, match=next(iter(settings))):
            losses.CategoricalCrossentropy(**settings)
    with pytest.raises(ValueError, match=r"expected reduction to be one of .*'avg'"):
        losses.Huber(reduction="avg")
    with pytest.raises(ValueError, match="label_smoothing to be a number from 0 to 1"):
        losses.CategoricalCrossentropy(label_smoothing=1.5)


@pytest.mark.parametrize("name", MADE)
def test_configuration_makes_the_same_loss(name):
    loss = MADE[name]
    assert type(loss)(**loss.get_config()).get_config() == loss.get_config()


@pytest.mark.parametrize("from_logits", [False, True])
def test_losses_of_one_step_do_not_share_memory(from_logits):
    # A loss of one's own may be made of two; both lie in the workspace of one step.
    rng = np.random.default_rng(1)
    predictions = rng.dirichlet(np.ones(4), 3)
    targets = [np.eye(4)[rng.integers(4, size=3)] for _ in range(2)]
    one, other = (
        losses.CategoricalCrossentropy(from_logits=from_logits) for _ in range(2)
    )
    apart = [one.forward(target, predictions).copy() for target in targets]
    scale = np.ones(3)
    gradients = [one.backward(target, predictions, scale).copy() for target in targets]
    with Workspace():
        together = one.forward(targets[0], predictions) + other.forward(
            targets[1], predictions
        )
        gradient = one.backward(targets[0], predictions, scale) + one.backward(
            targets[1], predictions, scale
        )
    np.testing.assert_array_equal(together, sum(apart))
    np.testing.assert_array_equal(gradient, sum(gradients))


def test_arguments_of_the_sparse_loss_stand_in_the_order_of_keras():
    order = False, None, "sum_over_batch_size", -1, "mine"
    assert losses.SparseCategoricalCrossentropy(*order).name == "mine"
    with pytest.raises(NotImplementedError, match="axis=1"):
        losses.SparseCategoricalCrossentropy(*order[:3], 1)


def test_a_loss_of_one_s_own_names_itself_as_in_keras():
    class HingeOfMine(losses.Loss):
        def __init__(self, name=None):
            super().__init__(name)

    assert HingeOfMine().name == "hinge_of_mine"
    assert HingeOfMine("mine").name == "mine"


# Loss → (its settings, how targets and predictions are drawn, the formula of one row).
def _clip(p):
    return np.clip(p, 1e-7, 1 - 1e-7)


def _bce(t, p):
    return -t * np.log(_clip(p)) - (1 - t) * np.log(1 - _clip(p))


def _unit(x):
    return x / np.linalg.norm(x)


FORMULAS = {
    "MeanSquaredError": ({}, "numbers", lambda t, p: np.mean((p - t) ** 2)),
    "MeanAbsoluteError": ({}, "numbers", lambda t, p: np.mean(np.abs(p - t))),
    "MeanAbsolutePercentageError": (
        *({}, "numbers"),
        lambda t, p: 100 * np.mean(np.abs((p - t) / t)),
    ),
    "MeanSquaredLogarithmicError": (
        *({}, "shares"),
        lambda t, p: np.mean((np.log1p(p) - np.log1p(t)) ** 2),
    ),
    "Huber": (
        *({"delta": 0.5}, "numbers"),
        lambda t, p: np.mean(
            np.where(np.abs(p - t) <= 0.5, (p - t) ** 2 / 2, np.abs(p - t) / 2 - 1 / 8)
        ),
    ),
    "LogCosh": ({}, "numbers", lambda t, p: np.mean(np.log(np.cosh(p - t)))),
    "Poisson": ({}, "shares", lambda t, p: np.mean(p - t * np.log(p + 1e-7))),
    "KLDivergence": ({}, "shares", lambda t, p: np.sum(t * np.log(t / p))),
    "CosineSimilarity": ({}, "numbers", lambda t, p: -_unit(t) @ _unit(p)),
    "BinaryCrossentropy": (
        *({"label_smoothing": 0.2}, "binary"),
        lambda t, p: np.mean(_bce(0.8 * t + 0.1, p)),
    ),
    "BinaryFocalCrossentropy": (
        {"gamma": 1.5, "alpha": 0.3, "apply_class_balancing": True},
        "binary",
        lambda t, p: np.mean(
            (t * 0.3 + (1 - t) * 0.7)
            * (1 - t * p - (1 - t) * (1 - p)) ** 1.5
            * _bce(t, p)
        ),
    ),
    "Hinge": (
        *({}, "binary"),
        lambda t, p: np.mean(np.maximum(1 - (2 * t - 1) * p, 0)),
    ),
    "SquaredHinge": (
        *({}, "binary"),
        lambda t, p: np.mean(np.maximum(1 - (2 * t - 1) * p, 0) ** 2),
    ),
    "CategoricalHinge": (
        *({}, "classes"),
        lambda t, p: max(1 + np.max((1 - t) * p) - t @ p, 0),
    ),
    "CategoricalCrossentropy": (
        *({"label_smoothing": 0.1}, "classes"),
        lambda t, p: -(0.9 * t + 0.1 / len(t)) @ np.log(p),
    ),
    "CategoricalFocalCrossentropy": (
        *({"alpha": 0.5, "gamma": 3}, "classes"),
        lambda t, p: -0.5 * (t * (1 - p) ** 3) @ np.log(p),
    ),
}


def drawn(kind, shape, rng):
    if kind == "numbers":
        return rng.normal(size=shape), rng.normal(size=shape)
    p = rng.uniform(0.05, 0.95, shape)
    if kind == "binary":
        return rng.integers(0, 2, shape), p
    p /= p.sum(-1, keepdims=True)
    if kind == "shares":
        return rng.dirichlet(np.ones(shape[-1]), shape[:-1]), p
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])], p


REDUCED = {
    "sum_over_batch_size": lambda v, w: (v * w).mean(),
    "mean": lambda v, w: (v * w).mean(),
    "sum": lambda v, w: (v * w).sum(),
    "mean_with_sample_weight": lambda v, w: (
        (v * w).sum() / (np.sum(w) if np.ndim(w) else v.size)
    ),
    "none": lambda v, w: v * w,
    None: lambda v, w: v * w,
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 3), (5, 4), (2, 3, 1, 5)])
@pytest.mark.parametrize("name", FORMULAS)
def test_every_loss_is_its_formula(name, shape, dtype):
    settings, kind, formula = FORMULAS[name]
    rng = np.random.default_rng(len(name))
    y_true, y_pred = drawn(kind, shape, rng)
    y_pred = y_pred.astype(dtype)[::-1]  # not contiguous
    y_true = y_true.astype(dtype)[::-1]
    y_pred.flags.writeable = False
    rows = zip(*(one.reshape(-1, shape[-1]) for one in (y_true, y_pred)), strict=True)
    values = np.array([formula(*np.float64(row)) for row in rows]).reshape(shape[:-1])
    for weights in (1.0, rng.random(shape[0])):
        by_value = np.reshape(weights, (-1,) + (1,) * (len(shape) - 2))
        for reduction, reduce in REDUCED.items():
            loss = getattr(losses, name)(**settings, reduction=reduction)
            given = None if np.ndim(weights) == 0 else weights
            found = loss(y_true, y_pred, sample_weight=given)
            expected = reduce(values, by_value if given is not None else 1.0)
            assert found.dtype == dtype
            np.testing.assert_allclose(
                found, expected, rtol=2e-5 if dtype is np.float32 else 1e-9, atol=1e-6
            )
    if len(settings) == 0:
        function = getattr(losses, losses_names[name])
        np.testing.assert_allclose(
            function(y_true, y_pred), values, rtol=1e-4, atol=1e-6
        )


losses_names = {cls.__name__: name for name, cls in losses.CLASSES.items()}


@pytest.mark.parametrize("axis", [None, (1, 2), -1])
@pytest.mark.parametrize("cls", [losses.Dice, losses.Tversky])
def test_overlap(cls, axis):
    rng = np.random.default_rng(0)
    t, p = rng.integers(0, 2, (3, 4, 2)), rng.random((3, 4, 2))
    settings = {} if cls is losses.Dice else {"alpha": 0.3, "beta": 0.8}
    found = cls(axis=axis, reduction=None, **settings)(t, p)
    both = (t * p).sum(axis)
    if cls is losses.Dice:
        expected = 1 - 2 * both / (t.sum(axis) + p.sum(axis) + 1e-7)
    else:
        missed, extra = (t * (1 - p)).sum(axis), (p * (1 - t)).sum(axis)
        expected = 1 - both / (both + 0.3 * missed + 0.8 * extra + 1e-7)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_ignored_labels_have_neither_loss_nor_gradient():
    loss = losses.SparseCategoricalCrossentropy(ignore_class=255)
    y, p = np.array([[0, 255], [1, 255]]), np.full((2, 2, 3), 1 / 3)
    p[0, 0] = [0.5, 0.3, 0.2]
    expected = -(np.log(0.5) + np.log(1 / 3)) / 2
    assert float(loss(y, p)) == pytest.approx(expected, rel=1e-6)
    targets = loss.targets(y, p.shape, np.float64)
    assert not loss.backward(targets, p, np.ones((2, 2)))[:, 1].any()
    with pytest.raises(ValueError, match="expected labels 0 to 2, received 254"):
        loss(np.array([[0, 254], [1, 255]]), p)


def test_functions_that_are_known_are_the_classes():
    assert type(losses.get(losses.log_cosh)) is losses.LogCosh


def test_weights_that_fit_no_value():
    loss = losses.MeanSquaredError()
    y = np.zeros((4, 3, 2))
    for weights in (
        np.ones(4),
        np.ones((4, 1)),
        np.ones((4, 3)),
        np.ones((4, 3, 1)),
        2,
    ):
        loss(y, y, weights)
    for weights in (np.ones(3), np.ones((4, 2)), np.ones((4, 3, 2))):
        with pytest.raises(
            ValueError, match="MeanSquaredError: expected sample_weight"
        ):
            loss(y, y, weights)
