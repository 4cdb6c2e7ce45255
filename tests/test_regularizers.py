"""Regularizers and constraints: the formulas, and what they do to a model."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import constraints, layers, regularizers
from scratchnet.regularizers import L1, L1L2, L2, OrthogonalRegularizer


class Fourth(regularizers.Regularizer):
    """A penalty of the user's own."""

    def __call__(self, x):
        return 0.5 * np.sum(x**4)

    def gradient(self, x):
        return 2 * x**3


MADE = {
    "l1": (L1(0.5), lambda w: 0.5 * abs(w).sum()),
    "l2": (L2(0.25), lambda w: 0.25 * (w**2).sum()),
    "l1_l2": (L1L2(0.5, 0.25), lambda w: (0.5 * abs(w) + 0.25 * w**2).sum()),
    "rows": (OrthogonalRegularizer(0.5), lambda w: orthogonal(w)),
    "columns": (OrthogonalRegularizer(0.5, "columns"), lambda w: orthogonal(w.T)),
    "own": (Fourth(), lambda w: 0.5 * (w**4).sum()),
}


def orthogonal(w):
    unit = [row / np.sqrt(row @ row) for row in w]
    pairs = [(a, b) for i, a in enumerate(unit) for b in unit[:i]]
    return 0.5 * sum(abs(a @ b) for a, b in pairs) / len(pairs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MADE)
def test_penalties_and_their_slopes(name, dtype):
    regularizer, formula = MADE[name]
    w = np.random.default_rng(0).normal(size=(5, 3)).astype(dtype)
    w[1, 2], few = 0 if "l" in name else w[1, 2], 30 * float(np.finfo(dtype).eps)
    for given in (w, np.asfortranarray(w)):
        assert float(regularizer(given)) == pytest.approx(
            formula(np.float64(w)), rel=few
        )
        total = np.ones_like(w)
        regularizer.add_gradient(given, total, 0.5)
        np.testing.assert_allclose(
            2 * (total - 1), regularizer.gradient(given), rtol=few, atol=few * 2
        )
    found, wide = regularizer.gradient(w), np.float64(w)
    for at in np.ndindex(w.shape):
        if w[at] == 0:
            continue
        step = np.zeros_like(wide)
        step[at] = 1e-6
        slope = (formula(wide + step) - formula(wide - step)) / 2e-6
        assert found[at] == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_the_slope_at_0_is_0():
    assert L1L2(0.5, 0.25).gradient(np.zeros(3)).tolist() == [0, 0, 0]


def test_names_classes_and_configurations():
    for name in ("l2", "L2", L2, {"class_name": "L2", "config": {"l2": 0.01}}):
        assert regularizers.get(name).get_config() == {"l2": 0.01}
    assert regularizers.l1_l2(l1=0.5, l2=0.25).get_config() == {"l1": 0.5, "l2": 0.25}
    assert regularizers.get(None) is None
    for made, _ in list(MADE.values())[:5]:
        described = regularizers.serialize(made)
        again = regularizers.deserialize(described)
        assert type(again) is type(made)
        assert again.get_config() == made.get_config()
    for made in (constraints.MaxNorm(3.0, [0, 1]), constraints.NonNeg()):
        again = constraints.deserialize(constraints.serialize(made))
        assert type(again) is type(made)
        assert again.get_config() == made.get_config()
    with pytest.raises(ValueError, match="unknown regularizer 'l3'"):
        regularizers.get("l3")
    with pytest.raises(TypeError, match=r"no gradient; derive a class .* gradient\("):
        layers.Dense(2, kernel_regularizer=lambda w: 0.1 * np.sum(w))
    with pytest.raises(TypeError, match="could not be saved; derive a class"):
        layers.Dense(2, kernel_constraint=np.abs)
    with pytest.raises(ValueError, match="L2: expected l2 to be a number of at least"):
        L2(-1)
    with pytest.raises(TypeError, match=r"there is no argument 'kernel_regulariser'"):
        layers.Dense(2, kernel_regulariser="l2")
    with pytest.raises(
        TypeError, match=r"no argument 'moving_mean_regularizer'|no arg"
    ):
        layers.Flatten(kernel_regularizer="l2")


def test_a_class_written_as_keras_wants_it_is_refused():
    with pytest.raises(TypeError, match=r"Own: .* gradient\(self, x\)"):

        class Own(regularizers.Regularizer):
            def __call__(self, x):
                return 0.0


def test_constraints_by_hand():
    w = np.array([[3.0, 0.3], [-4.0, 0.4]])  # columns of norm 5 and 1/2
    scaled = w / [5 + 1e-7, 0.5 + 1e-7]
    for made, expected in (
        (constraints.MaxNorm(2.0), scaled * [2, 0.5]),
        (constraints.UnitNorm(), scaled),
        (constraints.NonNeg(), np.maximum(w, 0)),
        (constraints.MinMaxNorm(1.0, 2.0), scaled * [2, 1]),
        (constraints.MinMaxNorm(1.0, 2.0, rate=0.5), scaled * [3.5, 0.75]),
        (constraints.UnitNorm([0, 1]), w / (np.sqrt(25.25) + 1e-7)),
    ):
        np.testing.assert_allclose(made(w), expected, rtol=1e-12)


def model(**settings):
    """Return a compiled model whose gradient from the targets is known."""
    made = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2, use_bias=False, **settings)]
    )
    made.compile(keras.optimizers.SGD(0.5), "mse")
    return made


@pytest.mark.parametrize("eager", [False, True])
def test_penalties_join_the_loss_and_its_gradient(eager):
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    weights = rng.uniform(0.5, 2, size=4)
    made = model(kernel_regularizer=L2(0.25), activity_regularizer=L1(0.5))
    made.compile(keras.optimizers.SGD(0.5), "mse", run_eagerly=eager)
    made.set_weights([w])
    out = x @ w
    data = (weights * ((out - y) ** 2).mean(1)).mean()
    penalty = 0.25 * (w**2).sum() + 0.5 * abs(out).sum() / 4
    given = {"sample_weight": weights, "verbose": 0}
    assert made.evaluate(x, y, **given) == pytest.approx(data + penalty, rel=1e-5)
    assert made.evaluate(x, y, batch_size=3, **given) == pytest.approx(
        data + 0.25 * (w**2).sum() + 0.5 * abs(out).sum() / 4, rel=1e-5
    )
    assert made.train_on_batch(x, y, sample_weight=weights) == pytest.approx(
        data + penalty, rel=1e-5
    )
    dz = weights[:, None] * (out - y) / 4 + 0.5 * np.sign(out) / 4
    np.testing.assert_allclose(
        made.get_weights()[0], w - 0.5 * (x.T @ dz + 0.5 * w), rtol=1e-4, atol=1e-5
    )
    w = made.get_weights()[0]
    made(x)
    assert [float(loss) for loss in made.losses] == pytest.approx(
        [float(0.5 * abs(x @ w).sum() / 4), float(0.25 * (w**2).sum())], rel=1e-5
    )
    made.trainable = False
    assert len(made.losses) == 1
    made.layers[0].activity_regularizer = None
    assert made.evaluate(x, y, verbose=0) == pytest.approx(
        ((x @ w - y) ** 2).mean(), rel=1e-5
    )


def test_a_penalty_on_weights_leaves_the_plan_as_it_is():
    def plan(**settings):
        made = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(4, 3, activation="relu", name="a", **settings),
                layers.MaxPooling2D(2, name="b"),
                layers.Flatten(name="c"),
                layers.Dense(3, activation="softmax", name="d", **settings),
            ],
            name="net",
        )
        made.compile("adam", "sparse_categorical_crossentropy")
        return str(made.plan())

    assert plan() == plan(kernel_regularizer="l2", bias_constraint="non_neg")


def test_weights_keep_their_constraints_after_every_step():
    rng = np.random.default_rng(0)
    made = model(kernel_constraint=constraints.UnitNorm())
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    made.fit(x, y, epochs=2, verbose=0)
    norms = np.linalg.norm(made.get_weights()[0], axis=0)
    np.testing.assert_allclose(norms, 1, rtol=1e-6)


def test_every_weight_of_a_layer_may_have_them(tmp_path):
    made = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, kernel_regularizer="l1", bias_constraint="non_neg"),
            layers.BatchNormalization(gamma_regularizer="l2", beta_constraint="NonNeg"),
            layers.ActivityRegularization(l2=0.5),
        ]
    )
    dense, norm, activity = made.layers
    assert [*dense.regularizers, *dense.constraints] == ["kernel", "bias"]
    assert [*norm.regularizers, *norm.constraints] == ["gamma", "beta"]
    made.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 4)), rng.normal(size=(20, 3))
    made.fit(x, y, verbose=0)
    made.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    assert made.evaluate(x, y, verbose=0) == again.evaluate(x, y, verbose=0)
    for layer, twin in zip(made.layers, again.layers, strict=True):
        assert layer.get_config() == twin.get_config()
    assert activity.get_config()["l2"] == 0.5
    histories = [one.fit(x, y, verbose=0).history for one in (made, again)]
    assert histories[0] == histories[1]


def test_the_moving_average_is_what_a_fit_leaves():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    found = []
    for common in ({}, {"use_ema": True, "ema_momentum": 0.5}):
        made = model()
        made.set_weights([np.ones((3, 2))])
        made.compile(keras.optimizers.SGD(0.5, **common), "mse")
        made.fit(x, y, epochs=1, batch_size=4, shuffle=False, verbose=0)
        found.append(made.get_weights()[0])
    one = model()
    one.set_weights([np.ones((3, 2))])
    one.train_on_batch(x[:4], y[:4])
    np.testing.assert_allclose(
        found[1], (found[0] + one.get_weights()[0]) / 2, rtol=1e-5
    )
