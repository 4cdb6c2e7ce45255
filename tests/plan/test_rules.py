"""Each rewrite rule gives what plain layers give."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import kernels, layers, losses
from scratchnet import plan as plans
from scratchnet.kernels.convolution import winograd
from scratchnet.plan.heads import LossHead
from scratchnet.plan.logits import softmax_cross_entropy
from scratchnet.plan.pooled_convolution import (
    NormalisedConvolution,
    pooled_convolution,
)
from scratchnet.plan.unneeded_gradients import no_unneeded_gradient
from tests.keras.golden import compare


def model(*stack, seed=0, spread=0.3):
    made = keras.Sequential([keras.Input((6, 6, 2)), *stack])
    rng = np.random.default_rng(seed)
    weights = [
        rng.normal(0, spread, w.shape).astype(w.dtype) for w in made.get_weights()
    ]
    made.set_weights([abs(w) + 0.5 if w.ndim == 1 else w for w in weights])
    return made


def plain():
    return model(layers.Flatten(), layers.Dense(5, "tanh"), layers.Dense(3, "softmax"))


def convolutional():
    return model(
        layers.Conv2D(3, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Dropout(0.3, seed=1),
        layers.Flatten(),
        layers.Dense(4, activation="sigmoid"),
        layers.Dense(3),
        layers.Softmax(),
    )


def frozen_below():
    made = convolutional()
    made.layers[0].trainable = made.layers[1].trainable = False
    return made


def frozen_top():
    made = plain()
    made.layers[-1].trainable = False
    return made


def batch_normalization_first():
    return model(
        layers.BatchNormalization(), layers.Flatten(), layers.Dense(3, "softmax")
    )


def only_the_last_learns():
    return model(layers.Rescaling(0.5), layers.Flatten(), layers.Dense(3, "softmax"))


MODELS = (
    plain,
    convolutional,
    frozen_below,
    frozen_top,
    batch_normalization_first,
    only_the_last_learns,
)


def batch(n=7):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(n, 6, 6, 2)).astype(np.float32)
    return x, np.eye(3, dtype=np.float32)[rng.integers(0, 3, n)]


def gradients(make, loss, rules):
    """Return losses, predictions and gradients of one training step."""
    keras.utils.clear_session()
    made = make()
    plan = plans.compiled(made, loss, rules)
    x, y = batch()
    output = plan.run(x, training=True)
    values, predictions = plan.heads[0].forward(y, output)
    scale = np.full(len(x), 1 / len(x), np.float32)
    plan.backward(plan.heads[0].backward(y, output, scale))
    return values, predictions, plan


@pytest.mark.parametrize("make", MODELS)
def test_leaving_out_the_input_gradient_changes_no_bit(make):
    loss = losses.CategoricalCrossentropy()
    rule = no_unneeded_gradient
    values, predictions, with_rule = gradients(make, loss, (rule,))
    plain_values, plain_predictions, without = gradients(make, loss, ())
    assert np.array_equal(values, plain_values)
    assert np.array_equal(predictions, plain_predictions)
    assert list(with_rule.grads) == list(without.grads)
    for path, grad in with_rule.grads.items():
        assert np.array_equal(grad, without.grads[path]), path


def pooled():
    # 6x6 → 5x4 → 2x4 with a row that no window reaches → 1x2.
    return model(
        layers.Conv2D(5, (2, 3), activation="relu"),
        layers.MaxPooling2D((2, 1)),
        layers.Conv2D(4, (2, 3), activation="relu", use_bias=False, padding="same"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(3, "softmax"),
    )


def wide():
    """Suit the rung `winograd`: 3x3 windows, 8 channels or more, from the second on."""
    # 6x6, all seen twice; then 3x3 with a row and a column that no window reaches.
    return model(
        layers.Conv2D(9, 3, padding="same"),
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(17, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(3, "softmax"),
        spread=0.1,
    )


def wide_and_normalised():
    return model(
        layers.Conv2D(9, 3, padding="same", activation="relu"),
        layers.BatchNormalization(momentum=0.5),
        layers.MaxPooling2D(2),
        layers.Dropout(0.3, seed=1),
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.BatchNormalization(center=False, scale=False),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(3, "softmax"),
        spread=0.1,
    )


def wide_and_frozen_below():
    made = wide_and_normalised()
    made.layers[0].trainable = made.layers[1].trainable = False
    return made


def normalised_and_pooled():
    return model(
        layers.Conv2D(5, 2, activation="relu"),
        layers.BatchNormalization(momentum=0.5),
        layers.MaxPooling2D(2),
        layers.Dropout(0.3, seed=1),
        layers.Conv2D(4, 1, activation="relu"),
        layers.BatchNormalization(center=False, scale=False),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(3, "softmax"),
    )


ON_POOLED = pytest.mark.parametrize("rung", ["direct", "winograd"])


def test_the_wide_models_suit_winograd():
    for make in (wide, wide_and_normalised):
        kernels_of = [p for layer in make().layers for p in layer.params.values()]
        shapes = [kernel.shape for kernel in kernels_of if kernel.ndim == 4]
        assert any(winograd.suits(shape, (1, 1)) for shape in shapes)


@ON_POOLED
@pytest.mark.parametrize("make", [pooled, wide])
def test_pooled_convolution_changes_no_bit_without_batch_normalisation(make, rung):
    loss = losses.CategoricalCrossentropy()
    with kernels.rung(rung):
        values, _, with_rule = gradients(make, loss, (pooled_convolution,))
        plain_values, _, without = gradients(make, loss, ())
    assert count_pooled(with_rule) == 2
    assert np.array_equal(values, plain_values)
    for path, grad in with_rule.grads.items():
        assert np.array_equal(grad, without.grads[path]), path


@ON_POOLED
@pytest.mark.parametrize("make", [normalised_and_pooled, wide_and_normalised])
def test_pooled_convolution_agrees_with_batch_normalisation_too(make, rung):
    loss = losses.CategoricalCrossentropy()
    rule = pooled_convolution
    with kernels.rung(rung):
        values, _, with_rule = gradients(make, loss, (rule,))
        plain_values, _, without = gradients(make, loss, ())
    assert count_pooled(with_rule) == 2
    # Sums over the pixels of the batch, 7 · 6 · 6 of them, in another order; twice.
    step = 2 * 252 * compare.EPSILON
    np.testing.assert_allclose(values, plain_values, rtol=step)
    for path, grad in with_rule.grads.items():
        size = np.abs(without.grads[path]).max() + 1
        np.testing.assert_allclose(
            grad, without.grads[path], rtol=0, atol=step * size, err_msg=path
        )
    ours, theirs = (plan.model.buffers for plan in (with_rule, without))
    assert ours
    for name, buffer in ours.items():
        np.testing.assert_allclose(buffer, theirs[name], rtol=step, atol=step)


@ON_POOLED
@pytest.mark.parametrize(
    "make", [pooled, normalised_and_pooled, wide, wide_and_normalised]
)
def test_pooled_convolution_agrees_at_inference(make, rung):
    outputs = []
    for rules in (plans.INFERENCE_RULES, ()):
        keras.utils.clear_session()
        with kernels.rung(rung):
            plan = plans.compiled(make(), None, rules)
            outputs.append(plan.run(batch()[0], training=False))
        assert count_pooled(plan) == (2 if rules else 0)
    # One rounding more or less for each normalised value.
    np.testing.assert_allclose(*outputs, rtol=16 * compare.EPSILON)


def test_predict_runs_through_the_plan(monkeypatch):
    made, x = wide_and_normalised(), batch()[0]
    ran = []
    forward = NormalisedConvolution.forward

    def counted(stage, x, *, training):
        ran.append(training)
        return forward(stage, x, training=training)

    monkeypatch.setattr(NormalisedConvolution, "forward", counted)
    fast = made.predict(x, verbose=0)
    assert ran == [False, False]
    made.compile("sgd", "categorical_crossentropy", run_eagerly=True)
    slow = made.predict(x, verbose=0)
    assert len(ran) == 2
    np.testing.assert_allclose(fast, slow, rtol=16 * compare.EPSILON)


@ON_POOLED
@pytest.mark.parametrize("make", [wide, wide_and_normalised, wide_and_frozen_below])
def test_predict_and_evaluate_agree_with_and_without_rules(make, rung):
    x, y = batch(20)
    measured, predicted = [], []
    for eager in (False, True):
        keras.utils.clear_session()
        made = make()
        made.compile("sgd", "categorical_crossentropy", run_eagerly=eager)
        with kernels.rung(rung):
            measured.append(made.evaluate(x, y, batch_size=8, verbose=0))
            predicted.append(made.predict(x, batch_size=8, verbose=0))
    np.testing.assert_allclose(*measured, rtol=64 * compare.EPSILON)
    np.testing.assert_allclose(*predicted, rtol=64 * compare.EPSILON)


def count_pooled(plan):
    return plan.program.kinds.count("pooled_convolution")


@pytest.mark.parametrize(
    "stack",
    [
        [layers.Conv2D(3, 3), layers.MaxPooling2D()],
        [layers.Conv2D(3, 3, activation="tanh"), layers.MaxPooling2D()],
        [layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(2, strides=1)],
        [
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(3, padding="same"),
        ],
        [layers.Conv2D(3, 3, activation="relu"), layers.AveragePooling2D()],
        [
            layers.Conv2D(3, 3, activation="relu", trainable=False),
            layers.MaxPooling2D(),
        ],
        [layers.Conv2D(3, 3, activation="relu")],
    ],
)
def test_pooled_convolution_leaves_other_layers_alone(stack):
    made = model(*stack, layers.Flatten(), layers.Dense(3, "softmax"))
    loss = losses.CategoricalCrossentropy()
    plan = plans.compiled(made, loss, (pooled_convolution,))
    assert plan.program.kinds == plans.compiled(made, loss).program.kinds


def test_pooled_convolution_needs_the_direct_rung():
    with kernels.rung("im2col"):
        plan = plans.compiled(
            pooled(), losses.MeanSquaredError(), (pooled_convolution,)
        )
    assert count_pooled(plan) == 0


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_softmax_and_cross_entropy_as_one_agree_with_two(make, smoothing):
    loss = losses.CategoricalCrossentropy(label_smoothing=smoothing)
    values, predictions, with_rule = gradients(make, loss, (softmax_cross_entropy,))
    plain_values, plain_predictions, without = gradients(make, loss, ())
    # p is divided by its sum, logs and exponentials taken and undone: a few ulps in
    # each of 3 classes. t / p, which p is multiplied by again, is the largest number.
    largest = 1 / predictions.min()
    step = 8 * compare.EPSILON * largest
    np.testing.assert_allclose(values, plain_values, rtol=0, atol=step)
    np.testing.assert_allclose(predictions, plain_predictions, rtol=step)
    for path, grad in with_rule.grads.items():
        size = max(1.0, np.abs(grad).max())
        np.testing.assert_allclose(
            grad, without.grads[path], rtol=0, atol=step * size * 7, err_msg=path
        )


def test_the_rule_needs_a_softmax_and_a_cross_entropy():
    def head(made, loss):
        rules = (softmax_cross_entropy,)
        return type(plans.compiled(made, loss, rules).heads[0]) is LossHead

    assert not head(plain(), losses.CategoricalCrossentropy())
    assert not head(plain(), losses.SparseCategoricalCrossentropy())
    assert head(plain(), losses.MeanSquaredError())
    linear = model(layers.Flatten(), layers.Dense(3))
    assert head(linear, losses.CategoricalCrossentropy(from_logits=True))
    relu = model(layers.Flatten(), layers.Dense(3, "relu"))
    assert head(relu, losses.CategoricalCrossentropy())


def test_certain_and_wrong_is_exact_with_the_rule():
    made = model(layers.Flatten(), layers.Dense(3, "softmax"))
    made.set_weights([np.zeros((72, 3)), np.array([200.0, 0, 0])])
    x, _ = batch(1)
    y = np.array([[0, 1.0, 0]])
    made.compile("sgd", "categorical_crossentropy")
    assert made.evaluate(x, y, verbose=0) == 200
    made.compile("sgd", "categorical_crossentropy", run_eagerly=True)
    assert made.evaluate(x, y, verbose=0) == pytest.approx(-np.log(1e-7), rel=1e-6)


@pytest.mark.parametrize(
    "make", [*MODELS, wide, wide_and_normalised, wide_and_frozen_below]
)
def test_fit_agrees_with_and_without_all_rules(make):
    x, y = batch(20)
    results = []
    for eager in (False, True):
        made = make()
        made.compile(
            keras.optimizers.SGD(0.05),
            "categorical_crossentropy",
            metrics=["accuracy"],
            run_eagerly=eager,
        )
        history = made.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        results.append(
            (history.history, made.get_weights(), made.predict(x, verbose=0))
        )
    (fast, weights, predictions), (slow, plain_weights, plain_predictions) = results
    # Six steps; the longest sums are over 8·16 positions of the convolution.
    tolerance = 8 * compare.rounding(128, steps=6)
    for name, values in fast.items():
        np.testing.assert_allclose(values, slow[name], rtol=tolerance, err_msg=name)
    for one, other in zip(weights, plain_weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(predictions, plain_predictions, atol=tolerance)


@pytest.mark.parametrize("make", [frozen_below, frozen_top])
def test_what_is_frozen_stays(make):
    made = make()
    frozen = [layer for layer in made.layers if not layer.trainable]
    before = [layer.get_weights() for layer in frozen]
    learning = made.layers[-1] if made.layers[-1].trainable else made.layers[1]
    learning = made.layers[6] if make is frozen_below else learning
    old = learning.get_weights()
    made.compile("sgd", "categorical_crossentropy")
    x, y = batch()
    made.fit(x, y, epochs=2, verbose=0)
    for layer, weights in zip(frozen, before, strict=True):
        for one, other in zip(layer.get_weights(), weights, strict=True):
            assert np.array_equal(one, other)
    assert not np.array_equal(learning.get_weights()[0], old[0])


@pytest.mark.parametrize("eager", [False, True])
def test_a_model_without_anything_to_learn_is_measured(eager):
    made = plain()
    made.trainable = False
    before = made.get_weights()
    made.compile("adam", "categorical_crossentropy", run_eagerly=eager)
    x, y = batch()
    loss = made.evaluate(x, y, verbose=0)
    history = made.fit(x, y, epochs=2, verbose=0, batch_size=7, shuffle=False)
    assert history.history["loss"] == [loss, loss]
    for one, other in zip(made.get_weights(), before, strict=True):
        assert np.array_equal(one, other)


def test_a_model_without_parameters_can_be_measured_and_fitted():
    made = keras.Sequential([keras.Input((3,)), layers.Softmax()])
    made.compile("sgd", "categorical_crossentropy")
    x = np.log(np.array([[0.5, 0.25, 0.25]], np.float32))
    history = made.fit(x, np.array([[1.0, 0, 0]]), verbose=0)
    assert history.history["loss"][0] == pytest.approx(np.log(2), rel=1e-6)


def test_freezing_and_thawing_between_fits_takes_effect():
    made = plain()
    made.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
    x, y = batch()
    for frozen in (True, False):
        made.layers[1].trainable = not frozen
        before = made.layers[1].get_weights()[0]
        made.fit(x, y, verbose=0)
        assert np.array_equal(made.layers[1].get_weights()[0], before) is frozen


def test_layers_of_both_dtypes_work_together():
    made = model(
        layers.Flatten(),
        layers.Dense(4, "tanh", dtype="float64"),
        layers.Dense(3, "softmax"),
    )
    for eager in (False, True):
        made.compile("sgd", "categorical_crossentropy", run_eagerly=eager)
        x, y = batch()
        history = made.fit(x, y, epochs=3, verbose=0).history["loss"]
        assert history[-1] < history[0]
    assert made.layers[1].grads["kernel"].dtype == np.float64
    assert made.predict(x, verbose=0).dtype == np.float32


class OwnConvolution(layers.Conv2D):
    """Learns nothing from its outputs' gradients."""

    def backward(self, dy):
        dx = super().backward(dy)
        for grad in self.grads.values():
            grad[...] = 0
        return dx


class OwnNormalization(layers.BatchNormalization):
    def forward(self, x, *, training):
        return super().forward(x, training=training) + 1


class OwnPooling(layers.MaxPooling2D):
    def forward(self, x, *, training):
        return super().forward(x, training=training) * 2


class OwnDense(layers.Dense):
    def forward(self, x, *, training):
        return super().forward(x, training=training) ** 2

    def backward(self, dy):
        return super().backward(0.5 * dy)


RELU = {"activation": "relu"}


@pytest.mark.parametrize(
    "stack",
    [
        [lambda: OwnConvolution(3, 3, **RELU), layers.MaxPooling2D],
        [
            lambda: layers.Conv2D(3, 3, **RELU),
            OwnNormalization,
            layers.MaxPooling2D,
        ],
        [lambda: layers.Conv2D(3, 3, **RELU), OwnPooling],
    ],
)
def test_a_derived_class_is_run_as_it_is(stack):
    def make():
        head = [layers.Flatten(), OwnDense(3, "softmax")]
        return model(*(layer() for layer in stack), *head)

    loss = losses.CategoricalCrossentropy()
    values, predictions, with_rules = gradients(make, loss, plans.RULES)
    plain_values, plain_predictions, without = gradients(make, loss, ())
    assert np.array_equal(values, plain_values)
    assert np.array_equal(predictions, plain_predictions)
    for path, grad in with_rules.grads.items():
        assert np.array_equal(grad, without.grads[path]), path


class OwnLoss(losses.CategoricalCrossentropy):
    def forward(self, targets, y_pred):
        return 3 * super().forward(targets, y_pred)

    def backward(self, targets, y_pred, scale):
        return super().backward(targets, y_pred, 3 * scale)


def test_a_derived_loss_is_applied_as_it_is():
    values, _, with_rules = gradients(plain, OwnLoss(), plans.RULES)
    plain_values, _, without = gradients(plain, OwnLoss(), ())
    assert np.array_equal(values, plain_values)
    for path, grad in with_rules.grads.items():
        assert np.array_equal(grad, without.grads[path]), path


# What Keras 3.15 on TensorFlow finds for these inputs, weights and targets: the loss,
# and a step of size 1. The numbers are those of the softmax of the logits.
KERNEL = np.array([[1.0, -0.5, 0.25], [0.5, 2.0, -1.0]], np.float32)
BIAS = np.array([0.1, -0.2, 0.3], np.float32)
INPUTS = np.array([[1, -2], [0.5, 3], [-1, 0.25]], np.float32)
ONE_HOT = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
KERAS_LOSS, KERAS_SMOOTHED_LOSS = 4.089715957641602, 3.8397159576416016
KERAS_D_KERNEL = [
    [-0.17889201641082764, -0.3832787871360779, 0.5621708631515503],
    [-1.0112109184265137, 1.6880981922149658, -0.6768872737884521],
]
KERAS_D_BIAS = [-0.2528035044670105, 0.20152424275875092, 0.051279306411743164]


def scored(head, loss, run_eagerly):
    """Return a model that ends in a sigmoid or softmax, and its targets."""
    made = keras.Sequential([keras.Input((2,)), *head])
    made.set_weights([KERNEL, BIAS])
    made.compile(keras.optimizers.SGD(1.0), loss, run_eagerly=run_eagerly)
    sparse = isinstance(loss, losses.SparseCategoricalCrossentropy)
    return made, ONE_HOT.argmax(1) if sparse else ONE_HOT


def step_is_that_of_keras(made, y):
    assert made.evaluate(INPUTS, y, verbose=0) == pytest.approx(KERAS_LOSS, rel=1e-6)
    assert made.train_on_batch(INPUTS, y) == pytest.approx(KERAS_LOSS, rel=1e-6)
    kernel, bias = made.get_weights()
    np.testing.assert_allclose(KERNEL - kernel, KERAS_D_KERNEL, atol=1e-6)
    np.testing.assert_allclose(BIAS - bias, KERAS_D_BIAS, atol=1e-6)


@pytest.mark.parametrize("run_eagerly", [False, True])
@pytest.mark.parametrize(
    "loss",
    [losses.CategoricalCrossentropy(), losses.SparseCategoricalCrossentropy()],
    ids=lambda loss: loss.name,
)
@pytest.mark.parametrize("apart", [False, True])
def test_cross_entropy_after_a_sigmoid_is_from_the_logits(apart, loss, run_eagerly):
    head = [layers.Dense(3), layers.Activation("sigmoid")]
    made, y = scored(head if apart else [layers.Dense(3, "sigmoid")], loss, run_eagerly)
    predictions = 1 / (1 + np.exp(-(np.float64(INPUTS) @ KERNEL + BIAS)))
    np.testing.assert_allclose(made.predict(INPUTS, verbose=0), predictions, rtol=1e-6)
    step_is_that_of_keras(made, y)


def test_metrics_after_a_sigmoid_look_at_its_output():
    made, y = scored(
        [layers.Dense(3, "sigmoid")], losses.CategoricalCrossentropy(), False
    )
    made.compile("sgd", made.loss, metrics=["mse"])
    error = np.square(made.predict(INPUTS, verbose=0) - y).mean()
    assert made.evaluate(INPUTS, y, verbose=0)[1] == pytest.approx(error, rel=1e-6)


def test_smoothing_after_a_sigmoid():
    loss = losses.CategoricalCrossentropy(label_smoothing=0.2)
    made, y = scored([layers.Dense(3, "sigmoid")], loss, False)
    found = made.evaluate(INPUTS, y, verbose=0)
    assert found == pytest.approx(KERAS_SMOOTHED_LOSS, rel=1e-6)


@pytest.mark.parametrize("run_eagerly", [False, True])
@pytest.mark.parametrize(
    "loss",
    [
        losses.CategoricalCrossentropy(from_logits=True),
        losses.SparseCategoricalCrossentropy(from_logits=True),
    ],
    ids=lambda loss: loss.name,
)
@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_from_logits_after_an_activation_warns_and_takes_the_logits(
    activation, loss, run_eagerly
):
    made, y = scored([layers.Dense(3, activation)], loss, run_eagerly)
    with pytest.warns(UserWarning, match=f"from_logits=True, but .* {activation}"):
        step_is_that_of_keras(made, y)


def test_an_activation_that_is_no_score_is_taken_for_logits():
    loss = losses.CategoricalCrossentropy(from_logits=True)
    made, y = scored([layers.Dense(3, "tanh")], loss, False)
    # Keras's number, too.
    found = made.evaluate(INPUTS, y, verbose=0)
    assert found == pytest.approx(1.5290151834487915, rel=1e-6)


def test_a_derived_class_with_a_sigmoid_is_run_as_it_is():
    def make():
        return model(layers.Flatten(), OwnDense(3, "sigmoid"))

    loss = losses.CategoricalCrossentropy()
    values, predictions, _ = gradients(make, loss, plans.RULES)
    assert np.array_equal(values, loss.forward(batch()[1], predictions))
