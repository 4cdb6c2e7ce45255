"""What a subclass overrides under Keras's name works, or is refused."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet.foundation.overrides import NOT_CALLED

BASES = {
    "Layer": [keras.layers.Layer, keras.layers.Dense, keras.Sequential],
    "Model": [keras.Model, keras.Sequential],
    "Loss": [keras.losses.Loss, keras.losses.MeanSquaredError],
    "Metric": [keras.metrics.Metric, keras.metrics.AUC],
    "Optimizer": [keras.optimizers.Optimizer, keras.optimizers.Adam],
}


def never(self, *arguments):
    """Stand for what Keras would call."""


@pytest.mark.parametrize(
    ("base", "name"),
    [
        (base, name)
        for row, names in NOT_CALLED.items()
        for base in BASES[row]
        for name in names
    ],
)
def test_what_is_not_called_is_refused(base, name):
    with pytest.raises(TypeError, match=f"^Mine: {name} is never called here; "):
        type("Mine", (base,), {name: never})


def test_what_a_mixin_brings_is_refused():
    mixin = type("Mixin", (), {"compute_loss": never})
    with pytest.raises(TypeError, match=r"^Mine: compute_loss is never called"):
        type("Mine", (mixin, keras.Model), {})


@pytest.mark.parametrize("step", ["train_step", "test_step"])
def test_a_step_with_keras_s_arguments_is_refused(step):
    with pytest.raises(TypeError, match=f"^Mine: {step} is given plan and batch"):
        type("Mine", (keras.Model,), {step: lambda self, data: None})


class OurWay(keras.Sequential):
    """A model that takes its steps scratchnet's way."""

    steps = 0

    def train_step(self, plan, batch):
        self.steps += 1
        super().train_step(plan, batch)


def test_a_step_with_our_arguments_is_taken():
    model = OurWay([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones(4), batch_size=2, verbose=0)
    assert model.steps == 2


class ByApply(keras.optimizers.SGD):
    """Turns gradients around, as a program for Keras would."""

    def apply(self, grads, trainable_variables=None):
        super().apply([-np.asarray(grad) for grad in grads], trainable_variables)


class ByPairs(keras.optimizers.SGD):
    """The same, by pairs."""

    def apply_gradients(self, grads_and_vars):
        return super().apply_gradients([(-grad, var) for grad, var in grads_and_vars])


@pytest.mark.parametrize("optimizer", [ByApply, ByPairs])
def test_an_optimizer_may_change_the_gradients(optimizer):
    def trained(made):
        model = keras.Sequential([keras.layers.Dense(2, kernel_initializer="ones")])
        model.compile(made, "mse")
        model.fit(np.ones((4, 3)), np.zeros((4, 2)), epochs=3, verbose=0)
        return model.get_weights()

    assert (trained(optimizer(0.01))[0] > 1).all()
    assert (trained("sgd")[0] < 1).all()
