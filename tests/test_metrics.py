"""Metrics: values, running means, and which accuracy a name stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet import metrics
from tests.keras.golden import compare


def test_values_are_those_of_keras_ties_included():
    # Keras keeps its sums in float32, over 40 samples here.
    compare.assert_agree("metrics", 40 * compare.EPSILON)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    weighted=st.booleans(),
    seed=st.integers(0, 100),
)
def test_batches_of_any_size_give_the_mean_over_all_samples(sizes, weighted, seed):
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    y, p = rng.integers(0, 4, n), rng.random((n, 4))
    weights = rng.random(n) if weighted else None
    metric, start = metrics.SparseCategoricalAccuracy(), 0
    for size in sizes:
        part = slice(start, start + size)
        metric.update_state(
            y[part], p[part], None if weights is None else weights[part]
        )
        start += size
    hits = y == p.argmax(-1)
    assert metric.result() == pytest.approx(np.average(hits, weights=weights))


def test_result_before_the_first_batch_and_after_a_reset_is_zero():
    metric = metrics.Mean()
    assert metric.result() == 0
    assert metric([1, 2, 3]) == 2
    assert metric(6) == 3
    assert metric(0.0, sample_weight=4) == pytest.approx(1.5)
    metric.reset_state()
    assert metric.result() == 0


def test_weights_of_zero_leave_samples_out():
    metric = metrics.CategoricalAccuracy()
    y, p = np.eye(3)[[0, 1, 2]], np.eye(3)[[0, 1, 0]]
    assert metric(y, p, sample_weight=np.array([[1], [1], [0]])) == 1


def test_a_nan_prediction_is_in_no_top_k():
    metric = metrics.SparseTopKCategoricalAccuracy(k=3)
    assert metric([0, 1], [[np.nan, 0, 1], [0.2, 0.3, 0.5]]) == 0.5


def test_mean_squared_error_takes_a_column_for_a_row():
    assert metrics.MeanSquaredError()([1.0, 3.0], [[0.0], [0.0]]) == 5


@pytest.mark.parametrize(
    ("y_shape", "output_shape", "kind"),
    [
        ((9, 4), (None, 4), metrics.CategoricalAccuracy),
        ((9,), (None, 4), metrics.SparseCategoricalAccuracy),
        ((9, 1), (None, 4), metrics.SparseCategoricalAccuracy),
        ((9, 1), (None, 1), metrics.BinaryAccuracy),
        ((9,), (None, 1), metrics.BinaryAccuracy),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
def test_accuracy_is_chosen_by_the_shapes(name, y_shape, output_shape, kind):
    metric = metrics.resolve(name, y_shape, output_shape)
    assert type(metric) is kind
    assert metric.name == name


def test_a_metric_is_called_as_the_user_calls_it():
    assert metrics.resolve("mse", (9, 4), (None, 4)).name == "mse"
    own = metrics.TopKCategoricalAccuracy(3, name="top_3")
    assert metrics.resolve(own, (9, 4), (None, 4)) is own
    assert own.name == "top_3"


@pytest.mark.parametrize(
    ("name", "y_shape", "message"),
    [
        (
            "categorical_accuracy",
            (9,),
            r"'categorical_accuracy': expected y of the outp",
        ),
        (
            "top_k_categorical_accuracy",
            (9, 1),
            r"output's shape \(N, 4\), received \(9,",
        ),
        ("mse", (9,), "metric 'mse': expected y of the output's shape"),
        ("sparse_categorical_accuracy", (9, 4), r"labels of shape \(N,\) or \(N, 1\)"),
        ("sparse_top_k_categorical_accuracy", (9, 4), "expected labels of shape"),
        ("binary_accuracy", (9, 3), "expected y of the output's shape"),
    ],
)
def test_metric_that_does_not_fit_the_targets(name, y_shape, message):
    with pytest.raises(ValueError, match=message):
        metrics.resolve(name, y_shape, (None, 4))


def test_check_knows_all_names_and_suggests():
    for name in ("accuracy", "acc", *metrics.ALL):
        assert metrics.check(name) == name
    with pytest.raises(
        ValueError, match="unknown metric 'acuracy'; did you mean 'accu"
    ):
        metrics.check("acuracy")
    with pytest.raises(TypeError, match=r"did you mean MeanSquaredError\(\)"):
        metrics.check(metrics.MeanSquaredError)


def test_bad_arguments():
    with pytest.raises(ValueError, match="positive integer for k, received 0"):
        metrics.TopKCategoricalAccuracy(k=0)
    with pytest.raises(ValueError, match="threshold to be a number from 0 to 1"):
        metrics.BinaryAccuracy(threshold=2)


@pytest.mark.parametrize("name", sorted(metrics.ALL))
def test_configuration_makes_the_same_metric(name):
    metric = metrics.ALL[name]()
    assert type(metric)(**metric.get_config()).get_config() == metric.get_config()


def test_top_k_of_sorted_ids_is_refused():
    metrics.SparseTopKCategoricalAccuracy(from_sorted_ids=False)
    with pytest.raises(NotImplementedError, match="from_sorted_ids=True"):
        metrics.SparseTopKCategoricalAccuracy(from_sorted_ids=True)


def test_a_metric_of_one_s_own_names_itself_as_in_keras():
    class HingeOfMine(metrics.Metric):
        def __init__(self, name=None):
            super().__init__(None, name)

    assert HingeOfMine().name == "hinge_of_mine"
    assert HingeOfMine("mine").name == "mine"
