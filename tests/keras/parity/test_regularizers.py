"""Regularizers and constraints beside Keras: values, histories of `fit`, files.

python -m pytest tests/keras/parity/test_regularizers.py
"""

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras
import tensorflow as tf

import scratchnet

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")
BOTH = scratchnet, keras
REGULARIZERS = [
    ("L1", (0.5,)),
    ("L2", (0.25,)),
    ("L1L2", (0.5, 0.25)),
    ("OrthogonalRegularizer", (0.5,)),
    ("OrthogonalRegularizer", (0.5, "columns")),
]
CONSTRAINTS = [
    ("MaxNorm", (1.0, 1)),
    ("NonNeg", ()),
    ("UnitNorm", ([0, 1],)),
    ("MinMaxNorm", (0.5, 1.0, 0.25)),
]


@pytest.mark.parametrize(("name", "made"), REGULARIZERS)
def test_penalties_and_gradients(name, made):
    w = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    mine, keras_s = (getattr(one.regularizers, name)(*made) for one in BOTH)
    variable = tf.Variable(w)
    with tf.GradientTape() as tape:
        penalty = keras_s(variable)
    np.testing.assert_allclose(mine(w), penalty.numpy(), rtol=1e-6)
    np.testing.assert_allclose(
        mine.gradient(w), tape.gradient(penalty, variable).numpy(), rtol=1e-5, atol=1e-7
    )
    assert mine.get_config() == pytest.approx(keras_s.get_config())


@pytest.mark.parametrize(("name", "made"), CONSTRAINTS)
def test_constraints(name, made):
    w = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    mine, keras_s = (getattr(one.constraints, name)(*made) for one in BOTH)
    np.testing.assert_allclose(mine(w), keras_s(w).numpy(), rtol=1e-6)
    assert mine.get_config() == keras_s.get_config()


def model(lib):
    of_weights, keep = lib.regularizers, lib.constraints
    made = lib.Sequential(
        [
            lib.Input((8, 8, 2)),
            lib.layers.Conv2D(
                *(3, 3),
                activation="relu",
                kernel_regularizer=of_weights.l2(0.01),
                bias_regularizer="l1",
                activity_regularizer=of_weights.L1L2(0.01, 0.02),
                kernel_constraint=keep.MaxNorm(1.0, axis=[0, 1, 2]),
            ),
            lib.layers.BatchNormalization(
                gamma_regularizer="l2",
                beta_regularizer=of_weights.L1(0.03),
                gamma_constraint="non_neg",
            ),
            lib.layers.MaxPooling2D(2),
            lib.layers.Flatten(),
            lib.layers.Dense(
                6,
                activation="relu",
                kernel_regularizer=of_weights.OrthogonalRegularizer(0.1, "columns"),
                kernel_constraint="unit_norm",
                bias_constraint=keep.NonNeg(),
            ),
            lib.layers.ActivityRegularization(l1=0.01, l2=0.01),
            lib.layers.Dense(
                4,
                activation="softmax",
                kernel_regularizer=of_weights.l1_l2(0.01, 0.01),
                kernel_constraint=keep.MinMaxNorm(0.5, 1.0, 0.5, axis=1),
            ),
        ]
    )
    adam = lib.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9, weight_decay=0.01)
    made.compile(adam, "sparse_categorical_crossentropy")
    return made


def test_histories_losses_and_files(tmp_path):
    mine, keras_s = map(model, BOTH)
    mine.set_weights(keras_s.get_weights())
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 8, 8, 2)).astype(np.float32)
    y = rng.integers(0, 4, 50)
    given = {"batch_size": 16, "shuffle": False, "verbose": 0}
    weights = rng.uniform(0.5, 2, 50).astype(np.float32)

    def compare(first, second, **more):
        histories = [one.fit(x, y, **given, **more).history for one in (first, second)]
        for name, values in histories[0].items():
            assert values == pytest.approx(histories[1][name], rel=1e-5)
        for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)

    compare(mine, keras_s, epochs=3, validation_split=0.2, sample_weight=weights)
    for one in (mine, keras_s):
        one(x[:4])
    assert [float(loss) for loss in mine.losses] == pytest.approx(
        [float(loss) for loss in keras_s.losses], rel=1e-4
    )
    mine.save(tmp_path / "mine.keras")
    keras_s.save(tmp_path / "keras_s.keras")
    compare(
        scratchnet.models.load_model(tmp_path / "keras_s.keras"),
        keras.models.load_model(tmp_path / "mine.keras"),
    )
