"""Metrics: values, running means, and which accuracy a name stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratchnet as keras
from scratchnet import metrics
from scratchnet.foundation import naming
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
    for name in ("accuracy", "acc", "precision", "auc", "mae", "categorical_hinge"):
        assert metrics.check(name) == name
    with pytest.raises(
        ValueError, match="unknown metric 'acuracy'; did you mean 'accu"
    ):
        metrics.check("acuracy")
    with pytest.raises(TypeError, match="expected a name or an object of type Metric"):
        metrics.check(3)


def test_bad_arguments():
    with pytest.raises(ValueError, match="positive integer for k, received 0"):
        metrics.TopKCategoricalAccuracy(k=0)
    with pytest.raises(ValueError, match="threshold to be a number from 0 to 1"):
        metrics.BinaryAccuracy(threshold=2)


NEEDED = {
    metrics.IoU: {"num_classes": 3, "target_class_ids": [0, 2]},
    metrics.OneHotIoU: {"num_classes": 3, "target_class_ids": [1]},
    metrics.MeanIoU: {"num_classes": 3},
    metrics.OneHotMeanIoU: {"num_classes": 3},
    metrics.SensitivityAtSpecificity: {"specificity": 0.7},
    metrics.SpecificityAtSensitivity: {"sensitivity": 0.7},
    metrics.PrecisionAtRecall: {"recall": 0.7},
    metrics.RecallAtPrecision: {"precision": 0.7},
    metrics.MeanMetricWrapper: {"fn": np.subtract},
}


@pytest.mark.parametrize("cls", metrics.CLASSES)
def test_configuration_makes_the_same_metric(cls):
    metric = cls(**NEEDED.get(cls, {}))
    assert cls.from_config(metric.get_config()).get_config() == metric.get_config()


def test_top_k_of_sorted_ids():
    metric = metrics.SparseTopKCategoricalAccuracy(2, from_sorted_ids=True)
    assert metric([4, 1, 2], [[4, 0, 1], [3, 2, 1], [0, 2, 1]]) == pytest.approx(2 / 3)


def test_a_metric_of_one_s_own_names_itself_as_in_keras():
    class HingeOfMine(metrics.Metric):
        def __init__(self, name=None):
            super().__init__(None, name)

    assert HingeOfMine().name == "hinge_of_mine"
    assert HingeOfMine("mine").name == "mine"


def test_weights_are_of_samples_or_of_values():
    values = np.arange(12.0).reshape(3, 4)
    by_sample, by_value = np.array([1.0, 0, 2]), np.arange(12).reshape(3, 4) % 5
    for weights in (by_sample, by_sample[:, None]):
        expected = np.average(values.mean(1), weights=by_sample)
        assert metrics.Mean()(values, weights) == pytest.approx(expected)
    # A mean over each sample, then over the samples: as Keras has it.
    expected = (values * by_value).mean(1).sum() / by_value.mean(1).sum()
    for weights in (by_value, by_value[..., None]):
        assert metrics.Mean()(values, weights) == pytest.approx(expected)
    assert metrics.Sum()(values, by_sample) == (values.sum(1) * by_sample).sum()
    with pytest.raises(
        ValueError, match=r"metric 'mean': .*\(3,\), received shape \(2"
    ):
        metrics.Mean()(values, [1, 2])


def test_results_are_tensors_of_float32():
    metric = metrics.Mean()
    metric.update_state(0.5)
    assert metric.result().numpy().dtype == np.float32
    assert f"{metric.result():.2f}" == "0.50"
    assert repr(metric) == "<Mean name=mean>"


@pytest.mark.parametrize("thresholds", [None, [0.2, 0.5, 0.9], 0.3])
@pytest.mark.parametrize("weighted", [False, True])
def test_yes_and_no_are_counted(thresholds, weighted):
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, (20, 1)), rng.random((20, 1))
    w = rng.random(20) if weighted else None
    limits = np.atleast_1d(0.5 if thresholds is None else thresholds)
    counts = {
        name: np.array(
            [
                (
                    (np.ones(20) if w is None else w)[:, None] * where(y == 1, p > t)
                ).sum()
                for t in limits
            ]
        )
        for name, where in (
            ("TruePositives", lambda yes, above: yes & above),
            ("FalsePositives", lambda yes, above: ~yes & above),
            ("TrueNegatives", lambda yes, above: ~yes & ~above),
            ("FalseNegatives", lambda yes, above: yes & ~above),
        )
    }
    for name, expected in counts.items():
        metric = getattr(metrics, name)(thresholds)
        for part in (slice(0, 7), slice(7, 20)):
            metric.update_state(y[part], p[part], None if w is None else w[part])
        np.testing.assert_allclose(np.atleast_1d(metric.result()), expected, rtol=1e-5)
    tp = counts["TruePositives"]
    for metric, other in (
        ("Precision", "FalsePositives"),
        ("Recall", "FalseNegatives"),
    ):
        found = getattr(metrics, metric)(thresholds)(y, p, w)
        np.testing.assert_allclose(
            np.atleast_1d(found), tp / (tp + counts[other]), rtol=1e-5
        )


def test_area_under_the_curve_is_that_of_ranks():
    # The probability that a yes is ranked above a no, as many thresholds have it.
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 300)
    p = np.clip(0.3 * y + rng.random(300) * 0.7, 0, 1)
    yes, no = p[y == 1], p[y == 0]
    exact = (yes[:, None] > no).mean()
    metric = metrics.AUC(num_thresholds=2000)
    assert metric(y, p) == pytest.approx(exact, abs=1e-3)
    metric.reset_state()
    assert metric(y, y) == pytest.approx(1)


def test_regions_that_overlap():
    y, p = np.array([[0, 0, 1, 1]]), np.array([[0, 1, 1, 1]])
    metric = metrics.MeanIoU(num_classes=3)  # the third class is not there
    assert metric(y, p) == pytest.approx((1 / 2 + 2 / 3) / 2, rel=1e-6)
    one_hot = metrics.OneHotMeanIoU(num_classes=3)
    assert one_hot(np.eye(3)[y], np.eye(3)[p]) == pytest.approx(7 / 12, rel=1e-6)


def test_a_metric_written_as_in_keras():
    class Errors(metrics.Metric):
        def __init__(self, name="errors", **kwargs):
            super().__init__(name=name, **kwargs)
            self.total = self.add_weight(name="total", initializer="zeros")
            self.count = self.add_variable((), "zeros", name="count")

        def update_state(self, y_true, y_pred, sample_weight=None):
            wrong = y_true.numpy() != y_pred.numpy().argmax(-1)
            self.total.assign_add(np.sum(wrong))
            self.count.assign(self.count + len(y_true))

        def result(self):
            return {"errors": self.total, "share": self.total / self.count}

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=[Errors()])
    x, y = np.random.default_rng(0).random((10, 4)), np.arange(10) % 3
    history = model.fit(x, y, epochs=2, batch_size=4, verbose=0).history
    wrong = (model.predict(x, verbose=0).argmax(-1) != y).sum()
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert list(history) == ["loss", "errors", "share"] or set(history) == {
        *("loss", "errors", "share")
    }
    assert found["errors"] == wrong
    assert found["share"] == pytest.approx(wrong / 10)
    assert all(type(value) is float for value in history["share"])
    assert [metric.name for metric in model.metrics] == ["loss", "errors"]


def test_any_function_is_a_metric():
    seen = []

    def my_accuracy(y_true, y_pred):
        seen.append((y_true.numpy().shape, y_pred.numpy().shape))
        return y_true == y_pred.argmax(-1)

    def worst(y_true, y_pred):
        return np.max(y_pred)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    model.compile(
        "sgd",
        keras.losses.sparse_categorical_crossentropy,
        metrics=[my_accuracy, worst, keras.metrics.sparse_categorical_accuracy],
    )
    x, y = np.random.default_rng(0).random((10, 4)), np.arange(10) % 3
    found = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    predictions = model.predict(x, verbose=0)
    assert found["my_accuracy"] == pytest.approx(found["sparse_categorical_accuracy"])
    parts = [predictions[i : i + 4].max() for i in (0, 4, 8)]
    assert found["worst"] == pytest.approx(np.mean(parts), rel=1e-6)
    assert seen == [((4,), (4, 3)), ((4,), (4, 3)), ((2,), (2, 3))]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"metrics": [["accuracy"]]}, ["accuracy"]),
        ({"metrics": {"end": ["accuracy", "mae"]}}, ["accuracy", "mae"]),
        ({"loss": ["mse"], "metrics": ["mae"]}, ["mae"]),
        ({"loss": {"end": "mse"}, "weighted_metrics": ["mae"]}, ["mae"]),
        ({"metrics": ["mae"], "weighted_metrics": ["mae"]}, ["mae", "weighted_mae"]),
        ({"jit_compile": True, "metrics": [keras.metrics.Precision]}, ["precision"]),
    ],
)
def test_what_is_for_one_output(settings, names):
    naming.reset()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="end")])
    model.compile(**{"loss": "mse", **settings})
    x, y = np.random.default_rng(0).random((6, 4)), np.arange(6.0) % 2
    found = model.evaluate(x, y, sample_weight=y, verbose=0, return_dict=True)
    assert set(found) == {"loss", *names}


def test_a_loss_may_have_a_weight():
    x, y = np.random.default_rng(0).random((6, 4)), np.arange(6.0) % 2
    values, weights = [], []
    for factor in (None, 0.5, [0.5]):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        start = model.get_weights()[0]
        model.compile(keras.optimizers.SGD(0.1), "mse", loss_weights=factor)
        values.append(model.train_on_batch(x, y))
        weights.append(model.get_weights()[0] - start)
    assert values[1] == values[2] == pytest.approx(values[0] / 2)
    np.testing.assert_allclose(2 * weights[1], weights[0], rtol=1e-5)


def test_several_losses_for_one_output_are_refused():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", ["mse", "mae"])
    with pytest.raises(ValueError, match="expected loss to be one for each"):
        model.fit(np.zeros((2, 4)), np.zeros(2), verbose=0)
    model.compile("sgd")
    with pytest.raises(ValueError, match="no loss to compute: give compile one"):
        model.fit(np.zeros((2, 4)), np.zeros(2), verbose=0)


def test_metrics_without_a_name_are_numbered_as_in_keras():
    naming.reset()
    names = [metrics.AUC().name, metrics.AUC().name, metrics.Precision().name]
    assert names == ["auc", "auc_1", "precision"]
    assert metrics.BinaryAccuracy().name == metrics.BinaryAccuracy().name
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "bce", metrics=[metrics.Recall, metrics.Recall(thresholds=0)])
    history = model.fit(np.ones((2, 3)), np.ones(2), verbose=0).history
    assert sorted(history) == ["loss", "recall", "recall_1"]


def test_a_metric_s_results_are_float32():
    with pytest.raises(NotImplementedError, match="dtype='float16'"):
        metrics.AUC(dtype="float16")


@pytest.mark.parametrize(
    ("room", "thing"),
    [
        (metrics, metrics.Precision(thresholds=0.3)),
        (keras.losses, keras.losses.Huber(delta=2.0)),
        (keras.initializers, keras.initializers.HeNormal(seed=3)),
        (keras.regularizers, keras.regularizers.L2(0.3)),
        (keras.constraints, keras.constraints.MaxNorm(3)),
    ],
)
def test_a_configuration_makes_the_same_thing_of_the_user_s_classes_too(room, thing):
    own = type("Own", (type(thing),), {})
    made = own.from_config(thing.get_config())
    for one, known in ((thing, None), (made, {"Own": own})):
        again = room.deserialize(room.serialize(one), known)
        assert type(again) is type(one)
        assert again.get_config() == one.get_config()


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (metrics.BinaryAccuracy, "threshold", 0.9),
        (metrics.Precision, "class_id", 0),
        (metrics.Precision, "top_k", 1),
        (metrics.AUC, "curve", "PR"),
        (metrics.F1Score, "average", "micro"),
    ],
)
def test_an_argument_set_later_is_as_one_given_at_once(kind, name, value):
    y, p = np.eye(3, dtype="float32"), np.float32([[0.6, 0.3, 0.1]] * 3)
    made, changed = kind(**{name: value}), kind()
    setattr(changed, name, value)
    for metric in (made, changed):
        metric.update_state(y, p)
    np.testing.assert_array_equal(made.result(), changed.result())
    assert changed.get_config() == {**made.get_config(), "name": changed.name}


def test_what_is_counted_goes_by_some_arguments():
    for metric, name, value in (
        (metrics.AUC(), "num_thresholds", 20),
        (metrics.MeanIoU(3), "num_classes", 4),
    ):
        with pytest.raises(AttributeError, match="make a new metric"):
            setattr(metric, name, value)
    with pytest.raises(NotImplementedError, match="dtype='float64'"):
        metrics.AUC().dtype = "float64"
    with pytest.warns(UserWarning, match="dtype='float32' for fractions"):
        metrics.MeanIoU(2).update_state([0, 1], [0, 1], sample_weight=[0.5, 1.5])
