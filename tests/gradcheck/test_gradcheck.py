"""The gradient checker, checked: right layers pass, planted mistakes are named."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from scratchnet import Input, Model, Sequential, layers, losses
from scratchnet.foundation import random
from scratchnet.gradcheck import gradcheck, gradcheck_loss, inputs
from scratchnet.gradcheck.cases import CASES
from scratchnet.gradcheck.differences import slope
from scratchnet.layers.layer import Layer
from scratchnet.layers.merge import Merge

# Right layers, in NumPy alone, as a user would write them.


class Affine(Layer):
    """y = x · kernel + bias."""

    weight_names = ("kernel", "bias")

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape, rng):
        self.add_param("kernel", rng.standard_normal((input_shape[-1], self.units)))
        self.add_param("bias", np.zeros(self.units))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def forward(self, x, *, training):
        self.remember(x, training=training)
        return x @ self.params["kernel"] + self.params["bias"]

    def backward(self, dy):
        x = self.recall()
        self.grads["kernel"][...] = x.T @ dy
        self.grads["bias"][...] = dy.sum(axis=0)
        return dy @ self.params["kernel"].T


class Tanh(Layer):
    def forward(self, x, *, training):
        y = np.tanh(x)
        self.remember(y, training=training)
        return y

    def backward(self, dy):
        return dy * (1 - self.recall() ** 2)


class Scale(Layer):
    """y = gamma · x."""

    weight_names = ("gamma",)

    def build(self, input_shape, rng):
        self.add_param("gamma", np.ones(input_shape[-1]))

    def forward(self, x, *, training):
        self.remember(x, training=training)
        return self.params["gamma"] * x

    def backward(self, dy):
        x = self.recall()
        self.grads["gamma"][...] = (dy * x).reshape(-1, x.shape[-1]).sum(axis=0)
        return dy * self.params["gamma"]


class Normalise(Scale):
    """y = gamma · (x − mean) / √variance, with a moving mean that no gradient sees."""

    def build(self, input_shape, rng):
        super().build(input_shape, rng)
        self.buffers = {"moving_mean": np.zeros(input_shape[-1], self.dtype)}

    def forward(self, x, *, training):
        mean, inverse = x.mean(axis=0), 1 / np.sqrt(x.var(axis=0) + 1e-3)
        self.buffers["moving_mean"] += 0.1 * mean
        normal = (x - mean) * inverse
        self.remember((normal, inverse), training=training)
        return self.params["gamma"] * normal

    def terms(self, dy):
        normal, _ = self.recall()
        return [-dy.mean(axis=0), -normal * (dy * normal).mean(axis=0)]

    def backward(self, dy):
        normal, inverse = self.recall()
        self.grads["gamma"][...] = (dy * normal).sum(axis=0)
        return self.params["gamma"] * inverse * (dy + sum(self.terms(dy)))


class Softmax(Layer):
    def forward(self, x, *, training):
        exponentials = np.exp(x - x.max(axis=1, keepdims=True))
        y = exponentials / exponentials.sum(axis=1, keepdims=True)
        self.remember(y, training=training)
        return y

    def backward(self, dy):
        y = self.recall()
        return y * (dy - (dy * y).sum(axis=1, keepdims=True))


class Rectify(Layer):
    def forward(self, x, *, training):
        self.remember(x > 0, training=training)
        return np.where(x > 0, x, 0)

    def backward(self, dy):
        return dy * self.recall()


class AffineRectify(Affine):
    """Kinks inside, where no choice of x can keep away from them for sure."""

    def forward(self, x, *, training):
        z = super().forward(x, training=training)
        self.positive = z > 0
        return z * self.positive

    def backward(self, dy):
        return super().backward(dy * self.positive)


class OwnDropout(Layer):
    """Draws its mask from a generator of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.rng = np.random.default_rng(3)

    def forward(self, x, *, training):
        self.remember(self.rng.random(x.shape) < 0.5, training=training)
        return x * self.recall()

    def backward(self, dy):
        return dy * self.recall()


class GlobalDropout(OwnDropout):
    """Draws its mask from NumPy's global state, as much teaching code does."""

    def forward(self, x, *, training):
        mask = np.random.rand(*x.shape) < 0.5  # noqa: NPY002
        self.remember(mask, training=training)
        return x * mask


class StreamDropout(OwnDropout):
    def forward(self, x, *, training):
        mask = random.stream("dropout").random(x.shape) < 0.5
        self.remember(mask, training=training)
        return x * mask


class BatchMean(Affine):
    """y = (x · kernel + bias) / N."""

    def forward(self, x, *, training):
        return super().forward(x, training=training) / len(x)

    def backward(self, dy):
        return super().backward(dy / len(dy))


class Windows(Layer):
    """A one-dimensional convolution: a kernel with three axes (K, C, CO)."""

    weight_names = ("kernel",)

    def build(self, input_shape, rng):
        self.add_param("kernel", rng.standard_normal((3, 3, 3)))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] - 2, 3)

    def forward(self, x, *, training):
        self.remember(x, training=training)
        return sum(
            x[:, k : k + x.shape[1] - 2] @ self.params["kernel"][k] for k in range(3)
        )

    def backward(self, dy):
        x = self.recall()
        dx = np.zeros_like(x)
        for k in range(3):
            window = slice(k, k + dy.shape[1])
            self.grads["kernel"][k] = np.einsum("nlc,nlo->co", x[:, window], dy)
            dx[:, window] += dy @ self.params["kernel"][k].T
        return dx


RIGHT = {
    Affine: (6,),
    Tanh: (3, 4),
    Scale: (4, 3),
    Normalise: (4,),
    Softmax: (4,),
    Rectify: (7,),
    AffineRectify: (6,),
    OwnDropout: (8,),
    GlobalDropout: (8,),
    StreamDropout: (8,),
    BatchMean: (6,),
    Windows: (7, 3),
}


@pytest.mark.parametrize("cls", RIGHT, ids=lambda cls: cls.__name__)
def test_right_layers_pass_over_20_seeds(cls):
    for seed in range(20):
        report = gradcheck(cls(), input_shape=RIGHT[cls], seed=seed)
        assert report.passed, report
        assert report.relative_error < 1e-8
        assert not report.notes or cls is OwnDropout


# Planted mistakes: a class each, the tensor that it spoils, and the words that must
# be in the cause.

MISTAKES = []


def mistake(tensor, *words, input_shape=(4,)):
    """Register a wrong layer; tensor None stands for a fault of the whole layer."""

    def register(cls):
        MISTAKES.append(pytest.param(cls, tensor, words, input_shape, id=cls.__name__))
        return cls

    return register


def spoil(base, change):
    """Make a subclass whose backward is right at first and then changed."""

    class Wrong(base):
        def backward(self, dy):
            dx = super().backward(dy)
            changed = change(self, dy, dx)
            return dx if changed is None else changed

    Wrong.__name__ = change.__name__
    return Wrong


def planted(tensor, *words, base=Affine, input_shape=(4,)):
    """Register a function (layer, dy, dx) that changes right gradients."""

    def register(change):
        mistake(tensor, *words, input_shape=input_shape)(spoil(base, change))
        return change

    return register


@planted("kernel", "1 of 16 elements", "(1, 2)")
def one_element_by_a_twentieth_percent(layer, dy, dx):
    layer.grads["kernel"][1, 2] *= 1.0005


@planted("x", "1 of 20 elements", "(4, 3)")
def one_element_of_the_input(layer, dy, dx):
    dx[4, 3] *= 0.9995


@planted("kernel", "1 of 50", "wrong: at (123, 3)", input_shape=(400,))
def one_element_of_many_that_are_not_all_checked(layer, dy, dx):
    layer.grads["kernel"][123, 3] *= 1.0005


@planted("x", "sign")
def sign_flip(layer, dy, dx):
    return -dx


@planted("kernel", "factor: 2 times")
def factor_two(layer, dy, dx):
    layer.grads["kernel"] *= 2


@planted("kernel", "batch's size N", "1/N", base=BatchMean)
def missing_one_by_n(layer, dy, dx):
    layer.grads["kernel"] *= len(dy)


@planted("bias", "once too often", "batch's size N")
def bias_mean_instead_of_sum(layer, dy, dx):
    layer.grads["bias"][...] = dy.mean(axis=0)


@planted("bias", "only sample 0 of 5")
def bias_of_the_first_sample_only(layer, dy, dx):
    layer.grads["bias"][...] = dy[0]


@planted("bias", "sample 4 of 5 is left out")
def bias_without_the_last_sample(layer, dy, dx):
    layer.grads["bias"][...] = dy[:-1].sum(axis=0)


@planted("kernel", "transposed", "axes swapped")
def transposed(layer, dy, dx):
    layer.grads["kernel"][...] = layer.grads["kernel"].T.copy()


@planted("kernel", "transposed", "stored", input_shape=(3,))
def reshaped_instead_of_turned(layer, dy, dx):
    turned = np.ascontiguousarray(layer.grads["kernel"].T)
    layer.grads["kernel"][...] = turned.reshape(layer.grads["kernel"].shape)


@planted("kernel", "(0, 2, 1)", base=Windows, input_shape=(7, 3))
def swapped_axes_of_three(layer, dy, dx):
    layer.grads["kernel"][...] = layer.grads["kernel"].transpose(0, 2, 1).copy()


@planted("kernel", "flipped along axes (0,)", base=Windows, input_shape=(7, 3))
def flip(layer, dy, dx):
    layer.grads["kernel"][...] = layer.grads["kernel"][::-1].copy()


@planted("x", "ends of axis 1", base=Windows, input_shape=(7, 3))
def borders(layer, dy, dx):
    dx[:, [0, -1]] *= 0.5


@planted("kernel", "shape (3, 4)", "(4, 3)", "transposed", input_shape=(3,))
def transposed_with_its_shape(layer, dy, dx):
    layer.grads["kernel"] = layer.grads["kernel"].T.copy()


@planted("kernel", "index 3 of axis 1", "tail")
def last_column_forgotten(layer, dy, dx):
    layer.grads["kernel"][:, -1] = 0


@planted("kernel", "NaN", "1 of 16")
def nan_in_a_gradient(layer, dy, dx):
    layer.grads["kernel"][0, 0] = np.nan


@planted("x", "NaN or inf")
def inf_in_a_gradient(layer, dy, dx):
    dx[0, 0] = np.inf


@planted("x", "dy is passed on", base=Tanh)
def derivative_forgotten(layer, dy, dx):
    return dy.copy()


@planted("x", "multiplication by 'gamma'", base=Normalise)
def gamma_forgotten(layer, dy, dx):
    return dx / layer.params["gamma"]


@planted("x", "constant", "mean", base=Normalise)
def mean_term_dropped(layer, dy, dx):
    missing = layer.terms(dy)[0]
    return dx - layer.params["gamma"] * layer.recall()[1] * missing


@planted("x", "linear in x", "variance", base=Normalise)
def variance_term_dropped(layer, dy, dx):
    missing = layer.terms(dy)[1]
    return dx - layer.params["gamma"] * layer.recall()[1] * missing


@planted("x", "multiple of y", base=Softmax)
def softmax_without_its_sum(layer, dy, dx):
    return layer.recall() * dy


@planted("x", "fit no known mistake", base=Tanh)
def tanh_of_the_wrong_formula(layer, dy, dx):
    return dy * (1 - layer.recall())


@planted("bias", "not in grads")
def gradient_missing(layer, dy, dx):
    del layer.grads["bias"]


@planted(None, "gradient of bias is float32")
def gradient_of_low_precision(layer, dy, dx):
    layer.grads["bias"] = dy.sum(axis=0).astype(np.float32)


@planted(None, "backward changes dy")
def backward_changes_dy(layer, dy, dx):
    dy *= 2


@planted(None, "backward changes the parameter 'bias'")
def learns_in_backward(layer, dy, dx):
    layer.params["bias"] -= 0.1 * layer.grads["bias"]


@planted(None, "gradient of x is float32")
def input_gradient_of_low_precision(layer, dy, dx):
    return dx.astype(np.float32)


@mistake("kernel", "not written")
class KernelGradientNotWritten(Affine):
    def backward(self, dy):
        self.grads["bias"][...] = dy.sum(axis=0)
        return dy @ self.params["kernel"].T


@mistake("kernel", "0 throughout")
class KernelGradientZero(Affine):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["kernel"][...] = 0
        return dx


@mistake("x", "returned None")
class InputGradientNotReturned(Affine):
    def backward(self, dy):
        super().backward(dy)


@mistake("kernel", "accumulates")
class Accumulates(Affine):
    def backward(self, dy):
        self.grads["kernel"] += self.recall().T @ dy
        self.grads["bias"][...] = dy.sum(axis=0)
        return dy @ self.params["kernel"].T


@mistake("kernel", "accumulates")
class AccumulatesInAnArrayOfItsOwn(Affine):
    def build(self, input_shape, rng):
        super().build(input_shape, rng)
        self.sum = np.zeros_like(self.params["kernel"])

    def backward(self, dy):
        dx = super().backward(dy)
        self.sum += self.grads["kernel"]
        self.grads["kernel"][...] = self.sum
        return dx


@mistake("bias", "part of the last step")
class WritesOnlyAPart(Affine):
    def backward(self, dy):
        before = self.grads["bias"].copy()
        dx = super().backward(dy)
        self.grads["bias"][...] += 0.5 * before
        return dx


@mistake("kernel", "stale cache")
class StaleCache(Affine):
    def forward(self, x, *, training):
        if self._cache is None:
            self.remember(x, training=training)
        return x @ self.params["kernel"] + self.params["bias"]


@mistake("x", "stale cache")
class StaleOutput(Tanh):
    def forward(self, x, *, training):
        if self._cache is None:
            self.remember(np.tanh(x), training=training)
        return np.tanh(x)


@mistake(None, "forward changes its input")
class ChangesItsInput(Tanh):
    def forward(self, x, *, training):
        np.tanh(x, out=x)
        self.remember(x, training=training)
        return x


@mistake(None, "forward changes the parameter 'gamma'")
class ChangesAParameter(Scale):
    def forward(self, x, *, training):
        self.params["gamma"] *= 0.9
        return super().forward(x, training=training)


@mistake(None, "isn't repeatable")
class RandomFromOutside(Scale):
    outside = np.random.default_rng(0)

    def forward(self, x, *, training):
        return super().forward(x, training=training) + self.outside.random()


@mistake(None, "NaN or inf in 3 of")
class ForwardGivesNaN(Tanh):
    def forward(self, x, *, training):
        y = super().forward(x, training=training)
        y.flat[:3] = np.nan
        return y


@mistake(None, "gives float32")
class ComputesInFloat32(Tanh):
    def forward(self, x, *, training):
        return super().forward(x, training=training).astype(np.float32)


@mistake("x", "kink")
class Staircase(Layer):
    """It jumps at more places than any x could keep away from."""

    def forward(self, x, *, training):
        return np.floor(1e8 * x) / 1e8 + (np.floor(1e8 * x) % 2)

    def backward(self, dy):
        return dy


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("cls", "tensor", "words", "input_shape"), MISTAKES)
def test_a_planted_mistake_is_caught_and_named(cls, tensor, words, input_shape, seed):
    report = gradcheck(cls(), input_shape=input_shape, seed=seed)
    assert not report.passed
    causes = report.faults if tensor is None else (report[tensor].cause,)
    for word in words:
        assert any(word in cause for cause in causes), report
    for cause in causes:
        assert cause in str(report)
    assert str(report).endswith("FAILED")


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("where", ["kernel", "bias", "x"])
def test_any_one_element_wrong_by_a_twentieth_percent_is_caught(where, seed):
    rng = np.random.default_rng(seed)

    def change(layer, dy, dx):
        target = dx if where == "x" else layer.grads[where]
        target.flat[index % target.size] *= 1.0005

    index = int(rng.integers(1000))
    report = gradcheck(spoil(Affine, change)(), input_shape=(4,), seed=seed)
    row = report[where]
    assert not row.passed
    assert row.relative_error > 4e-4
    assert row.worst_index == np.unravel_index(index % np.prod(row.shape), row.shape)
    assert row.analytic == pytest.approx(1.0005 * row.numeric, rel=1e-6)
    assert all(other.passed for other in report.rows if other is not row)


def test_one_element_of_a_large_tensor_is_found_without_checking_all():
    calls = 0

    class Large(Affine):
        def forward(self, x, *, training):
            nonlocal calls
            calls += 1
            return super().forward(x, training=training)

        def backward(self, dy):
            dx = super().backward(dy)
            self.grads["kernel"][777, 11] *= 1.0005
            return dx

    report = gradcheck(Large(20), input_shape=(1000,), max_elements=20)
    assert report["kernel"].worst_index == (777, 11)
    assert report["kernel"].checked == 21
    assert calls < 1000


# Layers that join branches, and models.


class Weighted(Merge):
    """y = weight · x₁ · x₂: the gradients differ from one another."""

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def build(self, input_shape, rng):
        self.add_param("weight", rng.standard_normal(input_shape[0][-1]))

    def forward(self, x, *, training):
        self.remember(x, training=training)
        return self.params["weight"] * x[0] * x[1]

    def backward(self, dy):
        one, two = self.recall()
        weight = self.params["weight"]
        self.grads["weight"][...] = (dy * one * two).sum(axis=0)
        return [dy * weight * two, dy * weight * one]


def test_every_input_of_a_layer_that_joins_is_checked():
    report = gradcheck(Weighted(), input_shape=[(4,), (4,)])
    assert report.passed, report
    assert [row.name for row in report.rows] == ["x1", "x2", "weight"]
    xs = [np.array([[1.0, 2]]), np.array([[3.0, 4]])]
    assert gradcheck(Weighted(), xs).passed
    built = Weighted()
    built(xs)
    assert gradcheck(built)["x2"].shape == (5, 2)


@pytest.mark.parametrize(
    ("change", "name", "cause"),
    [
        (lambda dx: [dx[0], -dx[1]], "x2", "sign"),
        (lambda dx: [2 * dx[0], dx[1]], "x1", "factor: 2 times"),
        (lambda dx: dx[:1], "x2", "returned None"),
        (lambda dx: None, "x1", "returned None"),
        (lambda dx: [dx[0], dx[1][:, :2]], "x2", "expected a gradient of shape (5, 4)"),
    ],
)
def test_a_mistake_in_one_input_is_named(change, name, cause):
    class Wrong(Weighted):
        def backward(self, dy):
            return change(super().backward(dy))

    report = gradcheck(Wrong(), input_shape=[(4,), (4,)])
    assert not report.passed
    assert cause in report[name].cause, report


def test_a_layer_that_changes_its_second_input_is_caught():
    class Changes(Weighted):
        def forward(self, x, *, training):
            y = super().forward([x[0], x[1].copy()], training=training)
            x[1] *= 2
            return y

    report = gradcheck(Changes(), input_shape=[(4,), (4,)])
    assert "forward changes its input" in report.faults[0]


def test_a_model_is_checked_like_a_layer_and_left_as_it_was():
    start = Input((3,))
    hidden = layers.Dense(3, activation="tanh", name="hidden")
    block = Sequential([Affine(3, name="affine"), layers.Dropout(0.5)], name="block")
    model = Model(start, layers.Add()([start, block(hidden(start))]))
    before = [weight.tobytes() for weight in model.get_weights()]
    report = gradcheck(model)
    assert report.passed, report
    assert [row.name for row in report.rows] == [
        "x",
        "hidden/kernel",
        "hidden/bias",
        "block/affine/kernel",
        "block/affine/bias",
    ]
    assert [weight.tobytes() for weight in model.get_weights()] == before
    assert hidden.params["kernel"].dtype == np.float32 and hidden._cache is None
    assert gradcheck(Sequential([layers.Dense(2)]), input_shape=(3,)).passed


def test_a_wrong_layer_in_a_model_is_located():
    def change(layer, dy, dx):
        layer.grads["kernel"] *= 2.5

    wrong = spoil(Affine, change)(3, name="wrong")
    model = Sequential([layers.Dense(3, name="right"), wrong], name="block")
    report = gradcheck(Sequential([model]), input_shape=(4,))
    failed = [row.name for row in report.rows if not row.passed]
    assert failed == ["block/wrong/kernel"]
    assert "factor: 2.5 times" in report["block/wrong/kernel"].cause


# What the checker promises about the layer that it is given.


def snapshot(layer):
    return pickle.dumps(vars(layer), protocol=5)


def test_the_layer_is_left_as_it_was():
    layer = Normalise()
    layer(np.ones((3, 4)), training=True)
    layer.backward(np.ones((3, 4), np.float32))
    before, arrays = snapshot(layer), copy.deepcopy(layer.params)
    assert gradcheck(layer).passed
    assert snapshot(layer) == before
    assert layer.params["gamma"].dtype == np.float32
    np.testing.assert_array_equal(layer.params["gamma"], arrays["gamma"])


def test_an_unbuilt_layer_stays_unbuilt():
    layer = Affine(input_shape=(4,))
    assert gradcheck(layer).passed
    assert not layer.built
    assert not layer.params


def test_random_numbers_of_the_process_go_on_as_if_nothing_had_been():
    streams = copy.deepcopy(random.get_state())
    legacy = np.random.get_state()[1].copy()  # noqa: NPY002
    gradcheck(GlobalDropout(), input_shape=(3,))
    gradcheck(StreamDropout(), input_shape=(3,))
    assert random.get_state() == streams
    np.testing.assert_array_equal(np.random.get_state()[1], legacy)  # noqa: NPY002


def test_a_seed_gives_the_same_report_and_another_gives_another():
    class_of = spoil(StreamDropout, lambda layer, dy, dx: 2 * dx)
    first, again = (gradcheck(class_of(), input_shape=(4,), seed=5) for _ in range(2))
    assert first.rows == again.rows
    assert first.rows != gradcheck(class_of(), input_shape=(4,), seed=6).rows


def test_a_float32_layer_is_checked_in_float64():
    layer = Affine()
    layer(np.ones((2, 3)))
    assert layer.params["kernel"].dtype == np.float32
    assert gradcheck(layer).relative_error < 1e-9


def test_forgotten_scale_of_one_is_seen_at_a_fresh_layer():
    class Forgets(Scale):
        def backward(self, dy):
            super().backward(dy)
            return dy

    layer = Forgets()
    layer(np.ones((2, 3)))
    assert not gradcheck(layer).passed


def test_values_that_are_not_all_zero_or_one_are_left_where_they_are():
    layer = Affine()
    layer(np.ones((2, 3)))
    seen = []

    class Watches(Affine):
        def forward(self, x, *, training):
            seen.append({k: v.copy() for k, v in self.params.items()})
            return super().forward(x, training=training)

    watching = Watches()
    watching(np.ones((2, 3)))
    watching.params["kernel"][...] = layer.params["kernel"]
    watching.params["bias"][...] = [1, 2, 3, 4]
    seen.clear()
    gradcheck(watching)
    np.testing.assert_array_equal(seen[0]["kernel"], layer.params["kernel"])
    np.testing.assert_array_equal(seen[0]["bias"], [1, 2, 3, 4])


def test_a_frozen_layer_need_not_write_its_gradients():
    class Lazy(Affine):
        def backward(self, dy):
            if self.trainable:
                return super().backward(dy)
            return dy @ self.params["kernel"].T

    assert gradcheck(Lazy(trainable=False), input_shape=(4,)).passed


def test_state_outside_of_buffers_is_noted():
    report = gradcheck(OwnDropout(), input_shape=(8,))
    assert "stale caches could not be looked for" in report.notes[0]
    assert report.notes[0] in str(report)


# Inputs.


def test_x_of_the_user_is_used_and_not_changed():
    x = np.random.default_rng(0).uniform(1, 2, (2, 3)).astype(np.float32)
    x.setflags(write=False)
    report = gradcheck(Tanh(), x)
    assert report.passed
    assert report["x"].shape == (2, 3)


def test_a_kink_at_the_users_x_is_named():
    report = gradcheck(Rectify(), np.array([[1.0, 0.0, -1.0]]))
    assert not report.passed
    assert report["x"].kink
    assert report["x"].worst_index == (0, 1)
    assert "kink" in report["x"].cause


def test_a_kink_at_a_random_x_is_left_for_another_x():
    seen = []

    class KinkAtTheFirstX(Layer):
        """|x − c|, c being the first value that it ever meets."""

        def forward(self, x, *, training):
            if not seen:
                seen.append(x.flat[0])
            self.remember(np.sign(x - seen[0]), training=training)
            return np.abs(x - seen[0])

        def backward(self, dy):
            return dy * self.recall()

    assert gradcheck(KinkAtTheFirstX(), input_shape=(3,)).passed


def test_a_kink_close_to_x_does_not_fail_a_right_gradient():
    x = np.array([[1.0, 1e-4, -3e-5, 2.5e-4, 3.9e-4]])
    assert gradcheck(Rectify(), x).passed


def test_input_shape_may_come_from_the_layer_or_hold_the_batch():
    assert gradcheck(Tanh(input_shape=(2, 3)))["x"].shape == (5, 2, 3)
    assert gradcheck(Tanh(), input_shape=(None, 3))["x"].shape == (5, 3)
    assert gradcheck(Tanh(), input_shape=(3,), batch_size=1)["x"].shape == (1, 3)


def test_drawn_inputs_are_distinct_and_away_from_zero():
    for size in (1, 2, 50, 5000):
        x = inputs.distinct((size,), np.random.default_rng(size))
        assert np.unique(np.abs(x)).size == size
        assert np.abs(x).min() >= 0.1
        assert np.abs(x).max() <= 2.0
        assert np.diff(np.sort(np.abs(x))).min(initial=1) >= 0.45 * 1.9 / size


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "the input's shape isn't known; pass x"),
        ({"input_shape": (None, None, 3)}, "the input's shape isn't known"),
        ({"input_shape": (3,), "epsilon": 0}, "expected epsilon between 0 and 1"),
        ({"input_shape": (3,), "tolerance": 2.0}, "expected tolerance between"),
        ({"input_shape": (3,), "batch_size": 0}, "positive integer for batch_size"),
        ({"input_shape": (3,), "max_elements": 0}, "positive integer for max_e"),
        ({"x": [[1.0, np.nan]]}, r"shape \(1, 2\) with NaN or inf"),
        ({"x": np.zeros((0, 3))}, r"received shape \(0, 3\)"),
        ({"x": 1.0}, r"expected a batch of finite numbers"),
    ],
)
def test_arguments_that_give_no_check_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        gradcheck(Tanh(), **arguments)


def test_a_class_instead_of_a_layer_is_refused():
    with pytest.raises(TypeError, match="did you mean to call it"):
        gradcheck(Tanh, input_shape=(3,))
    with pytest.raises(TypeError, match="expected a Layer object"):
        gradcheck(np.tanh, input_shape=(3,))


def test_an_x_that_does_not_fit_a_built_layer_is_refused():
    layer = Affine(name="head")
    layer(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"'head': expected input \(N, 3\), rec"):
        gradcheck(layer, np.ones((2, 4)))


# The parts.


def test_the_slope_of_a_polynomial_is_exact_up_to_the_fourth_degree():
    x, dy = np.array([[1.3]]), np.array([[2.0]])
    found = slope(lambda v: v**4, x, np.ones((1, 1)), 1e-2, x**4, dy)
    assert found.value == pytest.approx(2 * 4 * 1.3**3, rel=1e-12)
    assert found.by_sample == pytest.approx([found.value])


@pytest.mark.parametrize("at", [-1.9, -0.9, 0.0, 0.3, 2 / 3, 0.99, 1.5])
def test_roughness_covers_the_error_that_a_kink_makes(at):
    """f(s) = |s − at·h|: at 0 its slope is −1 or 1, or anything between at 0 itself."""
    step = 1e-3
    point, one = np.zeros((1, 1)), np.ones((1, 1))
    f = lambda v: np.abs(v - at * step)  # noqa: E731
    found = slope(f, point, one, step, f(point), one)
    true = -1.0 if at >= 0 else 1.0
    assert abs(found.value - true) <= found.roughness * (1 + 1e-9)
    assert found.roughness >= abs(found.value - true) > 1e-3


def test_roughness_of_a_smooth_function_is_small():
    point, one = np.full((1, 1), 0.7), np.ones((1, 1))
    assert slope(np.tanh, point, one, 2e-4, np.tanh(point), one).roughness < 1e-6


def test_a_report_reads_as_a_table():
    report = gradcheck(Affine(name="head"), input_shape=(3,))
    text = str(report)
    assert text.splitlines()[0].startswith("Affine 'head': float64, step 0.0002")
    assert text.splitlines()[-1].strip() == "passed"
    for name in ("x", "kernel", "bias"):
        assert any(line.split()[0] == name for line in text.splitlines())
    with pytest.raises(KeyError, match="there are: x, kernel, bias"):
        report["weight"]


# Losses.


class Squares:
    """The sum of squares of each sample, as an object that is no `Loss`."""

    factor = 2.0

    def forward(self, y_true, y_pred):
        return ((y_pred - y_true) ** 2).sum(axis=1)

    def backward(self, y_true, y_pred, scale):
        return self.factor * scale[:, None] * (y_pred - y_true)


def test_a_loss_of_ones_own_passes_with_values_to_check_at():
    rng = np.random.default_rng(0)
    report = gradcheck_loss(Squares(), rng.random((3, 4)), rng.random((3, 4)))
    assert report.passed, report
    assert report.rows[0].name == "y_pred"
    assert report.subject == "Squares"


def test_a_wrong_loss_is_caught_and_named():
    loss = Squares()
    loss.factor = 1.0
    rng = np.random.default_rng(0)
    report = gradcheck_loss(loss, rng.random((3, 5)), rng.random((3, 5)))
    assert "factor: 0.5 times" in report["y_pred"].cause


def test_a_loss_that_ignores_its_scale_is_caught():
    class WithoutScale(Squares):
        def backward(self, y_true, y_pred, scale):
            return super().backward(y_true, y_pred, np.ones_like(scale))

    rng = np.random.default_rng(0)
    report = gradcheck_loss(WithoutScale(), rng.random((3, 5)), rng.random((3, 5)))
    assert "one value for each index of axis 0" in report["y_pred"].cause


OUR_LOSSES = [
    pytest.param(case, id=f"{name}-{case.title}")
    for name, cases in CASES.items()
    for case in cases
    if case.input_shape is None
]


@pytest.mark.parametrize("case", OUR_LOSSES)
def test_our_losses_pass_over_20_seeds(case):
    for seed in range(20):
        report = case.check(seed)
        assert report.passed, report
        assert report["y_pred"].checked == report["y_pred"].shape[0] * 4


def test_labels_of_a_loss_are_those_that_fit_gets():
    y_pred = np.random.default_rng(0).random((3, 4))
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert gradcheck_loss(loss, [0, 3, 1], y_pred).passed
    assert gradcheck_loss(loss, [[0], [3], [1]], y_pred).passed
    with pytest.raises(ValueError, match="expected labels 0 to 3, received 4"):
        gradcheck_loss(loss, [0, 4, 1], y_pred)


def test_a_planted_mistake_in_our_loss_is_caught():
    class WithoutLabels(losses.CategoricalCrossentropy):
        def backward(self, targets, y_pred, scale):
            return super().backward(0.5 * targets, y_pred, scale)

    assert not gradcheck_loss(WithoutLabels(from_logits=True)).passed


def test_a_loss_of_ones_own_needs_values_to_check_at():
    with pytest.raises(ValueError, match="expected y_true and y_pred for Squares"):
        gradcheck_loss(Squares())
