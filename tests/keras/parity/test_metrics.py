"""Metrics beside Keras: any shape, weights, several batches; as functions, too.

python -m pytest tests/keras/parity/test_metrics.py
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras

import scratchnet
from scratchnet import metrics
from scratchnet.losses import OLDER_NAMES
from tests.test_losses import drawn

IMAGES, ROWS = [(4, 3), (3, 2, 5, 3)], [(5, 3), (1, 2)]

# Name → settings, what is drawn, shapes.
MADE = [
    *(
        (name, {}, "numbers", IMAGES)
        for name in (
            *("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError"),
            *("LogCoshError", "CosineSimilarity", "MeanAbsolutePercentageError"),
        )
    ),
    *(
        (name, {}, "shares", IMAGES)
        for name in ("KLDivergence", "Poisson", "MeanSquaredLogarithmicError")
    ),
    *(
        (name, {}, "binary", IMAGES)
        for name in ("Hinge", "SquaredHinge", "BinaryCrossentropy", "BinaryAccuracy")
    ),
    *(
        (name, {}, "classes", IMAGES)
        for name in (
            *("CategoricalHinge", "CategoricalCrossentropy", "CategoricalAccuracy"),
        )
    ),
    ("TopKCategoricalAccuracy", {"k": 2}, "classes", IMAGES),
    ("SparseCategoricalAccuracy", {}, "labels", IMAGES),
    ("SparseCategoricalCrossentropy", {}, "labels", IMAGES),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "labels", IMAGES),
    ("Accuracy", {}, "equal", IMAGES),
    *(
        (name, {"thresholds": thresholds}, "binary", ROWS)
        for name in ("TruePositives", "FalsePositives", "Precision", "Recall")
        for thresholds in (None, [0.2, 0.7], [0, 0.25, 0.5, 0.75, 1])
    ),
    ("TrueNegatives", {}, "binary", ROWS),
    ("FalseNegatives", {}, "binary", ROWS),
    ("Precision", {"top_k": 1}, "classes", ROWS),
    ("Recall", {"top_k": 2, "class_id": 1}, "classes", ROWS),
    *(
        ("AUC", {"curve": curve, "summation_method": method}, "binary", ROWS)
        for curve in ("ROC", "PR", "PRGAIN")
        for method in ("interpolation", "minoring", "majoring")
    ),
    ("AUC", {"multi_label": True}, "binary", ROWS),
    ("AUC", {"thresholds": [0.3, 0.4, 0.8], "from_logits": True}, "logits", ROWS),
    ("SensitivityAtSpecificity", {"specificity": 0.5}, "binary", ROWS),
    ("SpecificityAtSensitivity", {"sensitivity": 0.5}, "binary", ROWS),
    ("PrecisionAtRecall", {"recall": 0.5}, "binary", ROWS),
    ("RecallAtPrecision", {"precision": 0.5}, "binary", ROWS),
    *(
        ("F1Score", {"average": average, "threshold": threshold}, "classes", ROWS)
        for average in (None, "micro", "macro", "weighted")
        for threshold in (None, 0.4)
    ),
    ("FBetaScore", {"beta": 0.5}, "classes", ROWS),
    ("OneHotMeanIoU", {"num_classes": 3}, "classes", [(5, 3)]),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 2]}, "classes", [(5, 3)]),
    ("BinaryIoU", {"threshold": 0.4}, "binary", ROWS),
]


def values_of(kind, shape, rng):
    if kind == "labels":
        y, p = drawn("classes", shape, rng)
        return y.argmax(-1), p.astype("float32")
    if kind == "logits":
        y, p = drawn("binary", shape, rng)
        return y, rng.normal(size=shape).astype("float32")
    if kind == "equal":
        return rng.integers(0, 2, shape), rng.integers(0, 2, shape).astype("float32")
    y, p = drawn(kind, shape, rng)
    return y.astype("float32"), p.astype("float32")


@pytest.mark.parametrize("made", MADE, ids=lambda made: f"{made[0]} {made[1]}")
@settings(deadline=None, derandomize=True, max_examples=6, database=None)
@given(data=st.data())
def test_results(made, data):
    name, arguments, kind, shapes = made
    shape = data.draw(st.sampled_from(shapes))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    weighted = data.draw(st.sampled_from([False, True])) and "IoU" not in name
    own = getattr(metrics, name)(**arguments)
    theirs = getattr(keras.metrics, name)(**arguments)
    assert own.name == theirs.name.rpartition("_")[0] or own.name in theirs.name
    for _ in range(2):
        y, p = values_of(kind, shape, rng)
        weights = rng.random(shape[0]).astype("float32") if weighted else None
        for metric in (own, theirs):
            metric.update_state(y, p, weights)
        np.testing.assert_allclose(
            np.asarray(own.result()), np.asarray(theirs.result()), rtol=2e-5, atol=2e-6
        )
    assert own.result().numpy().dtype == theirs.result().numpy().dtype
    config = {**theirs.get_config(), "name": own.name}
    assert {**own.get_config(), "dtype": 0} == {**config, "dtype": 0}


# Only `tf.keras` has the older names, too.
@pytest.mark.parametrize("name", sorted(metrics.FUNCTIONS.keys() - OLDER_NAMES))
def test_functions(name):
    kind = "binary" if "binary" in name or "hinge" in name else "classes"
    kind = "labels" if "sparse" in name else kind
    for shape in IMAGES:
        y, p = values_of(kind, shape, np.random.default_rng(3))
        np.testing.assert_allclose(
            getattr(metrics, name)(y, p),
            np.asarray(getattr(keras.metrics, name)(y, p)),
            rtol=1e-5,
            atol=1e-6,
        )


@pytest.mark.parametrize("cls", ["Mean", "Sum"])
def test_weights_of_any_shape(cls):
    rng = np.random.default_rng(0)
    for shape, weights in (
        ((), ()),
        ((4,), (4,)),
        ((4,), (4, 1)),
        ((4,), ()),
        ((4, 3), (4,)),
        ((4, 3), (4, 1)),
        ((4, 3), (4, 3)),
        ((4, 1), (4,)),
        ((4, 3, 2), (4, 3)),
        ((4, 3, 2), (4,)),
        ((4, 3), (4, 3, 1)),
    ):
        own, theirs = getattr(metrics, cls)(), getattr(keras.metrics, cls)()
        values = rng.random(shape).astype("float32")
        for some in (rng.random(weights).astype("float32"), None):
            for metric in (own, theirs):
                metric.update_state(values, some)
            np.testing.assert_allclose(own.result(), theirs.result(), rtol=1e-5)


def compiled(library, functions):
    metrics = library.metrics
    model = library.Sequential([library.Input((4,)), library.layers.Dense(3)])
    model.compile(
        "sgd",
        library.losses.huber if functions else library.losses.Huber(delta=0.5),
        loss_weights=[0.5],
        metrics=[
            metrics.categorical_accuracy if functions else "categorical_accuracy",
            metrics.Precision(thresholds=[0.2, 0.4], class_id=1),
            metrics.AUC(curve="PR"),
            metrics.F1Score("macro", 0.3),
            metrics.OneHotMeanIoU(3),
        ],
        weighted_metrics=["mae"],
    )
    return model


@pytest.mark.parametrize("functions", [False, True])
@pytest.mark.parametrize("libraries", [(keras, scratchnet), (scratchnet, keras)])
def test_what_one_compiles_the_other_understands(libraries, functions):
    writer, reader = libraries
    rng = np.random.default_rng(0)
    x, y = rng.random((9, 4)), np.eye(3)[rng.integers(0, 3, 9)]
    weights = rng.random(9)
    model = compiled(writer, functions)
    other = reader.Sequential([reader.Input((4,)), reader.layers.Dense(3)])
    other.set_weights(model.get_weights())
    config = model.get_compile_config()
    if writer is keras and not functions:
        config["loss"]["config"]["delta"] = 0.5  # Keras forgets it
    other.compile_from_config(config)
    both = [
        one.evaluate(x, y, sample_weight=weights, verbose=0, return_dict=True)
        for one in (model, other)
    ]
    assert set(both[0]) == set(both[1])
    for name, value in both[0].items():
        np.testing.assert_allclose(both[1][name], value, rtol=1e-4, err_msg=name)
