"""Models with several outputs, trained: against NumPy, and what is refused.

What Keras makes of the same is in `tests/keras/parity/test_several_outputs.py`.
"""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import callbacks, layers, losses, metrics, models
from scratchnet.gradcheck import gradcheck

RNG = np.random.default_rng(0)
N = 11  # in batches of 4 the last one is smaller
X = RNG.normal(size=(N, 4)).astype(np.float32)
LABELS = RNG.integers(0, 3, N)
VALUES = RNG.normal(size=(N, 2)).astype(np.float32)
OF_LABELS, OF_VALUES = RNG.random((2, N)).astype(np.float32)
CROSSENTROPY = "sparse_categorical_crossentropy"


def made(kind="list"):
    """Return a model with a class head, ``main``, and a regression head, ``aux``."""
    keras.utils.set_random_seed(3)
    x = keras.Input((4,))
    h = layers.Dense(5, "tanh")(x)
    main = layers.Dense(3, "softmax", name="main")(h)
    aux = layers.Dense(2, name="aux")(h)
    return keras.Model(x, [main, aux] if kind == "list" else {"main": main, "aux": aux})


def numpy_step(weights, x, labels, values, factors, of_labels, of_values):
    """Return both losses, and the gradients of their weighted sum."""
    k, b, k1, b1, k2, b2 = (w.astype(np.float64) for w in weights)
    h = np.tanh(x @ k + b)
    z = h @ k1 + b1
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    r = h @ k2 + b2 - values
    n, rows = len(x), np.arange(len(x))
    main = -(of_labels * np.log(p[rows, labels])).mean()
    aux = (of_values * (r**2).mean(1)).mean()
    dz = p.copy()
    dz[rows, labels] -= 1
    dz *= factors[0] * of_labels[:, None] / n
    dr = factors[1] * of_values[:, None] * r / n  # 2 r / 2 columns
    dh = (dz @ k1.T + dr @ k2.T) * (1 - h**2)
    grads = (x.T @ dh, dh.sum(0), h.T @ dz, dz.sum(0), h.T @ dr, dr.sum(0))
    return (main, aux), grads


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("kind", ["list", "dict"])
def test_steps_and_reported_losses_are_those_of_numpy(kind, eagerly):
    model = made(kind)
    parts = [model.layers[1], model.get_layer("main"), model.get_layer("aux")]
    expected = [w.astype(np.float64) for part in parts for w in part.get_weights()]
    model.compile(
        keras.optimizers.SGD(0.1),
        {"main": CROSSENTROPY, "aux": "mse"},
        loss_weights={"main": 0.5, "aux": 2.0},
        metrics={"aux": "mae"},
        run_eagerly=eagerly,
    )
    history = model.fit(
        X,
        {"main": LABELS, "aux": VALUES},
        batch_size=4,
        epochs=2,
        shuffle=False,
        sample_weight={"main": OF_LABELS, "aux": OF_VALUES},
        verbose=0,
    ).history
    for epoch in range(2):
        reported = []
        for start in range(0, N, 4):
            at = slice(start, start + 4)
            batch = X[at], LABELS[at], VALUES[at]
            both, grads = numpy_step(
                expected, *batch, (0.5, 2.0), OF_LABELS[at], OF_VALUES[at]
            )
            reported.append((len(batch[0]), 0.5 * both[0] + 2 * both[1], *both))
            for weight, grad in zip(expected, grads, strict=True):
                weight -= 0.1 * grad
        counts, totals, main, aux = np.array(reported).T
        found = [history[n][epoch] for n in ("loss", "main_loss", "aux_loss")]
        whole = [np.average(totals, weights=counts), main.mean(), aux.mean()]
        np.testing.assert_allclose(found, whole, rtol=2e-5)
    found = [w for part in parts for w in part.get_weights()]
    for weight, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(weight, want, atol=2e-6)
    assert list(history) == ["aux_loss", "aux_mae", "loss", "main_loss"]


def two_headed(x):
    """A head in the middle, whose softmax another layer reads; and one twice."""
    h = layers.Conv2D(4, 3, activation="relu", activity_regularizer="l2")(x)
    h = layers.MaxPooling2D()(h)
    side = layers.Dense(3, "softmax", name="side")(layers.Flatten()(h))
    h = layers.BatchNormalization()(layers.Conv2D(3, 2, padding="same")(h))
    h = layers.Concatenate()([layers.GlobalAveragePooling2D()(h), side])
    top = layers.Dense(2, "sigmoid", name="top", kernel_regularizer="l2")(h)
    return [top, side, top]


CHOSEN = [
    ["binary_crossentropy", CROSSENTROPY, "mse"],
    ["categorical_crossentropy", None, None],  # of a sigmoid
    [None, losses.SparseCategoricalCrossentropy(from_logits=True), "mae"],
    ["mse", "kl_divergence", "binary_crossentropy"],
]


@pytest.mark.filterwarnings("ignore:.*from_logits=True", "ignore:.*no loss depends on")
@pytest.mark.parametrize("loss", CHOSEN, ids=range(len(CHOSEN)))
def test_the_gradient_of_several_losses_is_that_of_their_sum(loss):
    """Central differences of the total that is reported, with and without rules."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5, 6, 6, 2))
    y = [rng.integers(0, 2, (5, 2)), rng.integers(0, 3, 5), rng.random((5, 2))]
    if loss[0] == "categorical_crossentropy":
        y[0] = np.eye(2)[y[0][:, 0]]
    if loss[1] == "kl_divergence":
        y[1] = rng.dirichlet(np.ones(3), 5)
    gradients = []
    for eagerly in (False, True):
        keras.utils.clear_session()
        keras.utils.set_random_seed(0)
        keras.config.set_floatx("float64")
        try:
            image = keras.Input((6, 6, 2))
            model = keras.Model(image, two_headed(image))
        finally:
            keras.config.set_floatx("float32")
        model.compile(
            keras.optimizers.SGD(1.0),
            loss,
            loss_weights=[one and w for one, w in zip(loss, (1, 0.3, 2), strict=True)],
            run_eagerly=eagerly,
        )
        before = model.get_weights()
        model.train_on_batch(x, y)
        found = [w - v for w, v in zip(before, model.get_weights(), strict=True)]
        names = list(model.named_weights)
        gradients.append(dict(zip(names, found, strict=True)))
        model.set_weights(before)
    for path, grad in gradients[0].items():
        np.testing.assert_allclose(grad, gradients[1][path], atol=1e-12, err_msg=path)
        if "moving" in path:
            continue
        weight, at = model.named_weights[path], tuple(n // 2 for n in grad.shape)
        ends = []
        for step in (1e-5, -1e-5):
            weight[at] += step
            # The loss of a batch as in training, and nothing learnt.
            model.optimizer.learning_rate = 0.0
            total = model.train_on_batch(x, y)
            ends.append(total[0] if isinstance(total, list) else total)
            weight[at] -= step
        slope = (ends[0] - ends[1]) / 2e-5
        assert slope == pytest.approx(grad[at], rel=1e-5, abs=1e-8), path


def test_one_array_of_weights_is_for_all_outputs_and_targets_may_be_left_out():
    model = made()
    model.compile("sgd", [CROSSENTROPY, None])
    both, alone = (
        model.evaluate(X, y, sample_weight=OF_LABELS, verbose=0)
        for y in ([LABELS, VALUES], LABELS)
    )
    assert both == alone == model.evaluate(X, [LABELS], OF_LABELS.size, 0, OF_LABELS)
    model.compile("sgd", [CROSSENTROPY, "mse"])
    y = [LABELS, VALUES]
    one = model.evaluate(X, y, sample_weight=OF_LABELS, verbose=0)
    for_each = [OF_LABELS, OF_LABELS]
    assert one == model.evaluate(X, y, sample_weight=for_each, verbose=0)
    only_aux = model.evaluate(X, y, sample_weight=[None, OF_LABELS], verbose=0)
    assert only_aux[2] == one[2]
    assert only_aux[1] == model.evaluate(X, y, verbose=0)[1]


def test_what_no_loss_depends_on_stays_as_it_is():
    model = made()
    before = model.get_weights()
    model.compile(keras.optimizers.AdamW(weight_decay=0.5), [CROSSENTROPY, None])
    with pytest.warns(UserWarning, match=r"no loss depends on \['aux/kernel', 'aux/b"):
        model.fit(X, [LABELS, VALUES], verbose=0)
    moved = [np.any(w != v) for w, v in zip(before, model.get_weights(), strict=True)]
    assert moved == [True] * 4 + [False] * 2
    assert any("aux" in path for path in model.optimizer.state["momentum"])


def test_a_penalty_counts_once_and_also_where_there_is_no_loss():
    x = keras.Input((4,))
    h = layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.1))(x)
    a = layers.Dense(2, name="a")(h)
    b = layers.Dense(2, name="b", activity_regularizer=keras.regularizers.L1(0.1))(h)
    model = keras.Model(x, [a, b])
    model.compile(keras.optimizers.SGD(0.5), [losses.MeanSquaredError(), None])
    out_a, out_b = model.predict(X, verbose=0)
    kernel = model.layers[1].params["kernel"]
    expected = ((out_a - VALUES) ** 2).mean() + 0.1 * (kernel**2).sum()
    expected += 0.1 * abs(out_b).sum() / N
    assert model.evaluate(X, VALUES, N, 0) == pytest.approx(expected, rel=1e-6)
    bias = model.layers[-1].params["bias"].copy()
    model.train_on_batch(X, VALUES)
    change = -0.5 * 0.1 * np.sign(out_b).sum(0) / N
    np.testing.assert_allclose(
        model.layers[-1].params["bias"] - bias, change, rtol=1e-5
    )


def test_callbacks_watch_the_losses_and_metrics_of_an_output():
    model = made("dict")
    model.compile("sgd", {"main": CROSSENTROPY, "aux": "mse"}, metrics={"main": "acc"})
    y = {"main": LABELS, "aux": VALUES}
    worse = {"main": LABELS, "aux": -VALUES}
    for monitor in ("val_aux_loss", "val_main_acc"):
        early = callbacks.EarlyStopping(monitor, patience=1)
        run = model.fit(
            *(X, y),
            epochs=9,
            validation_data=(X, worse),
            callbacks=[early],
            verbose=0,
        )
        assert monitor in run.history
    assert early.monitor_op is np.greater


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("kind", ["list", "dict"])
def test_files_keep_what_it_was_compiled_with(tmp_path, kind, ending):
    pytest.importorskip("h5py")
    model = made(kind)
    model.compile(
        "adam",
        {"main": losses.SparseCategoricalCrossentropy(), "aux": "mse"},
        loss_weights={"main": 1.0, "aux": 0.3},
        metrics={"aux": ["mae", metrics.RootMeanSquaredError(name="rmse")]},
        weighted_metrics={"main": "accuracy"},
    )
    y = {"main": LABELS, "aux": VALUES}
    model.fit(X, y, verbose=0)
    model.save(path := tmp_path / f"two{ending}")
    again = models.load_model(path)
    assert model.loss["aux"] == again.loss["aux"] == "mse"
    for each in (model, again):
        each.fit(X, y, shuffle=False, verbose=0)
    one, other = (m.evaluate(X, y, verbose=0, return_dict=True) for m in (model, again))
    assert one == other
    assert set(one) == {
        *("loss", "main_loss", "aux_loss", "aux_mae", "aux_rmse", "main_accuracy")
    }
    cloned = models.clone_model(model)
    assert cloned.get_compile_config()["loss"] == model.get_compile_config()["loss"]


BOTH = {"loss": [CROSSENTROPY, "mse"]}


@pytest.mark.parametrize(
    ("compiled", "fitted", "error", "message"),
    [
        ({"loss": [CROSSENTROPY]}, {}, ValueError, "loss to be one for each output"),
        ({"loss": ["mse"] * 3}, {}, KeyError, "loss to be one for each"),
        ({"loss": {"main": "mse"}}, {}, ValueError, "loss by the names of all outputs"),
        ({"loss": {"main": "mse", "b": "mse"}}, {}, ValueError, "by the names of all"),
        (BOTH | {"loss_weights": [1.0]}, {}, ValueError, "one for each of the losses"),
        (BOTH | {"loss_weights": 0.5}, {}, ValueError, "one for each of the losses"),
        (BOTH | {"loss_weights": ["a", 1]}, {}, TypeError, "a number as loss_weights"),
        (BOTH | {"loss_weights": {"main": 1, "aux": 2}}, {}, ValueError, "as a list b"),
        (BOTH | {"metrics": ["mae"]}, {}, ValueError, "metrics as a list with an entr"),
        (BOTH | {"metrics": {"b": "mae"}}, {}, ValueError, "metrics as a list with"),
        (BOTH, {"y": VALUES}, ValueError, "fit's y to be a list with targets for each"),
        (BOTH, {"y": [LABELS]}, ValueError, "fit's y to be a list with targets for"),
        (
            BOTH,
            {"y": {"main": LABELS, "b": VALUES}},
            ValueError,
            "fit's y by the outputs' names",
        ),
        (BOTH, {"y": {"main": LABELS}}, ValueError, "targets y for the output 'aux'"),
        (BOTH, {"y": [LABELS, VALUES[:5]]}, ValueError, "as many targets as inputs"),
        (BOTH, {"class_weight": {0: 1.0}}, ValueError, "with one output alone"),
        (BOTH, {"sample_weight": [OF_LABELS]}, ValueError, "one array for all"),
        (BOTH, {"sample_weight": VALUES}, ValueError, "one weight for each sample"),
        (BOTH, {"sample_weight": {"main": OF_LABELS}}, ValueError, "by the names"),
        ({"loss": [None, None]}, {}, ValueError, "no loss to compute"),
        ({"metrics": [["mae"], None]}, {}, ValueError, "no loss to compute"),
    ],
)
def test_what_fits_no_output_is_refused(compiled, fitted, error, message):
    model = made()
    model.compile("sgd", **compiled)
    before = model.get_weights()
    with pytest.raises(error, match=message):
        model.fit(X, **{"y": [LABELS, VALUES], "verbose": 0, **fitted})
    assert all(map(np.array_equal, before, model.get_weights()))


def test_keys_that_no_output_has_are_refused():
    model = made("dict")
    model.compile("sgd", {"main": CROSSENTROPY, "side": "mse"})
    with pytest.raises(KeyError, match="expected loss by the outputs' keys"):
        model.fit(X, {"main": LABELS, "aux": VALUES}, verbose=0)


def test_a_class_whose_call_returns_a_list_has_outputs_without_names():
    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = layers.Dense(3, "softmax"), layers.Dense(2)

        def call(self, x):
            return [self.a(x), self.b(x)]

    model = Two()
    model.compile("sgd", [CROSSENTROPY, losses.MeanSquaredError()], metrics=["acc", ()])
    found = model.fit(X, [LABELS, VALUES], verbose=0).history
    names = ["acc", "loss", "mean_squared_error_loss", f"{CROSSENTROPY}_loss"]
    assert list(found) == names
    model.compile("sgd", {"a": "mse", "b": "mse"})
    with pytest.raises(ValueError, match="2 outputs have no names"):
        model.fit(X, [LABELS, VALUES], verbose=0)
    with pytest.raises(AttributeError, match="no output_names, as in Keras"):
        _ = model.output_names


def test_the_outputs_of_a_model_are_named_by_its_layers_and_its_plan_has_their_losses():
    model = made()
    assert model.output_names == ["main", "aux"]
    model.compile("sgd", {"aux": "mse", "main": CROSSENTROPY})
    lines = [line.split() for line in str(model.plan()).splitlines() if "loss" in line]
    assert [line[-1] for line in lines] == ["softmax", "mean_squared_error"]


def test_an_optimizer_can_be_put_in_place_by_name():
    model = made()
    model.compile("sgd", [CROSSENTROPY, "mse"])
    model.optimizer = "adam"
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    with pytest.raises(ValueError, match="unknown optimizer 'adamm'"):
        model.optimizer = "adamm"


def test_gradients_of_several_outputs_are_followed_back_from_one_alone():
    model = made()
    model.compile("sgd", [CROSSENTROPY, "mse"])
    one = keras.Model(model.inputs, model.outputs[0])
    assert keras.explain_gradient(one, X[:1], LABELS[:1], "main").agrees
    assert keras.explain(model, X[0], "main").agrees
    with pytest.raises(ValueError, match="expected a model with one output"):
        keras.explain_gradient(model, X[:1], LABELS[:1], "main")
    with pytest.raises(ValueError, match="join them by a Concatenate"):
        gradcheck(model, input_shape=(4,))
    x = keras.Input((4,))
    joined = keras.Model(x, layers.Concatenate()(model(x)))
    assert gradcheck(joined, input_shape=(4,)).passed
