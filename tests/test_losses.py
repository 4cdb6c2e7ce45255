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
    with pytest.raises(
        ValueError, match="expected one sample_weight for each of 3 sam"
    ):
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


def test_cross_entropy_needs_one_row_of_classes_per_sample():
    with pytest.raises(
        ValueError, match=r"expected a model with output \(N, classes\)"
    ):
        MADE["categorical"].check(np.zeros((3, 2, 2)), (None, 2, 2))


def test_get_finds_names_and_objects():
    assert type(losses.get("mse")) is losses.MeanSquaredError
    assert type(losses.get("CategoricalCrossentropy")) is losses.CategoricalCrossentropy
    assert losses.get(MADE["sparse"]) is MADE["sparse"]
    with pytest.raises(ValueError, match="did you mean 'categorical_crossentropy'"):
        losses.get("categorical_crossentropi")
    with pytest.raises(TypeError, match=r"did you mean MeanSquaredError\(\)"):
        losses.get(losses.MeanSquaredError)


def test_arguments_outside_the_subset_are_refused():
    for settings in ({"axis": 1}, {"reduction": "sum"}, {"dtype": "float16"}):
        with pytest.raises(NotImplementedError, match=next(iter(settings))):
            losses.CategoricalCrossentropy(**settings)
    with pytest.raises(NotImplementedError, match="ignore_class"):
        losses.SparseCategoricalCrossentropy(ignore_class=0)
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
    with pytest.raises(NotImplementedError, match="reduction='sum'"):
        losses.SparseCategoricalCrossentropy(False, None, "sum")
    with pytest.raises(NotImplementedError, match="axis=1"):
        losses.SparseCategoricalCrossentropy(*order[:3], 1)


def test_a_loss_of_one_s_own_names_itself_as_in_keras():
    class HingeOfMine(losses.Loss):
        def __init__(self, name=None):
            super().__init__(name)

    assert HingeOfMine().name == "hinge_of_mine"
    assert HingeOfMine("mine").name == "mine"
