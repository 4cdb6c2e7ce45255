from __future__ import annotations

import itertools
import warnings

import every_layer
import numpy as np
import pytest

from scratchnet import Input, Model, Sequential, layers, losses, optimizers
from scratchnet.explain import Explanation, explain_gradient
from scratchnet.inspection import passes


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("make", every_layer.ALL)
def test_every_step_of_the_path_agrees_with_the_kernels(make, training):
    model = make()
    x, y = every_layer.images(model, 4), every_layer.labels(model, 4)
    for name, of in every_layer.gradients(model):
        found = explain_gradient(model, x, y, name, of, sample=1, training=training)
        assert_follows_the_largest(found)


def assert_follows_the_largest(found: Explanation) -> None:
    assert found.agrees, str(found)
    assert found.equations[-1].where.startswith("softmax and cross-entropy")
    for equation, above in itertools.pairwise(found.equations):
        followed = [row for row in equation.rows if row.followed]
        assert len(followed) == 1
        # What is followed is the element that the next equation works out.
        assert above.computed in followed[0].factors
        largest = max(
            (row for row in equation.rows if row.at is not None),
            key=lambda row: abs(row.value),
        )
        assert abs(followed[0].value) == abs(largest.value)
    assert not any(row.followed for row in found.equations[-1].rows)


def loss_of(model: Model, x: np.ndarray, label: int) -> float:
    """The cross-entropy and the penalties, from nothing but what layers give out."""
    loss = -np.log(model(x, training=False)[0, label])
    for path, step in passes.outputs(model, x).items():
        if path == "penalty":
            loss += 0.1 * np.abs(step.y).sum() + 0.2 * np.square(step.y).sum()
    return float(loss)


@pytest.mark.parametrize("make", every_layer.ALL)
def test_the_value_is_the_slope_of_the_loss(make):
    model = make("float64")
    first, *_ = every_layer.paths(model)
    for name, of in every_layer.gradients(model):
        # What can be moved from outside: the first layer's input, all parameters.
        if of[0] != "x" or name == first:
            assert_slope_of_the_loss(model, name, of)


def assert_slope_of_the_loss(model: Model, name: str, of: str) -> None:
    x, label = every_layer.images(model, 1).astype("float64"), 3
    array = x if of == "x" else model.params[f"{name}/{of}"]
    found = explain_gradient(model, x, [label], name, of)
    value, step = found.equations[0].value, 1e-5
    at = tuple(int(i) for i in found.title.split("[")[1].split("]")[0].split(","))
    at = (0, *at) if of == "x" else at
    before = array[at]
    array[at] = before + step
    above = loss_of(model, x, label)
    array[at] = before - step
    below = loss_of(model, x, label)
    array[at] = before
    assert value != 0
    assert value == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-9)


def test_the_path_of_a_small_network_by_hand():
    model = Sequential(
        [
            Input((2,)),
            layers.Dense(2, activation="relu", name="hidden"),
            layers.Dense(2, activation="softmax", name="out"),
        ]
    )
    model.set_weights([[[1.0, 2.0], [0.5, -1.0]], [0.0, 0.0], [[1, 0], [0, 1]], [0, 0]])
    x, label = np.array([[1.0, 3.0]]), 1
    hidden = np.array([2.5, 0.0])  # the second unit is asleep: 2 − 3
    p = np.exp(hidden) / np.exp(hidden).sum()
    dz = p - [0, 1]
    found = explain_gradient(model, x, [label], "hidden", "kernel", (1, 0))
    assert [equation.name for equation in found.equations] == [
        "d_kernel[1, 0]",
        "dz[0]",
        "dx[0]",
        "dz[0]",
    ]
    expected = [3 * dz[0], dz[0], dz[0], dz[0]]
    for equation, value in zip(found.equations, expected, strict=True):
        assert equation.value == pytest.approx(value, rel=1e-6)
    asleep = explain_gradient(model, x, [label], "hidden", "kernel", (1, 1))
    assert asleep.agrees
    assert len(asleep.equations) == 1  # nothing comes back through it
    assert asleep.equations[0].value == 0


def test_a_model_without_softmax_follows_its_own_loss():
    model = Sequential([Input((3,)), layers.Dense(2, name="dense")])
    every_layer.settle(model)
    model.compile("sgd", "mse")
    x, y = np.array([[1.0, 2.0, 3.0]]), np.array([[0.5, -0.5]])
    found = explain_gradient(model, x, y, "dense", "kernel", (2, 1))
    kernel, bias = model.get_weights()
    dy = (x @ kernel + bias - y)[0]  # 2 / D, for D = 2 outputs, is 1
    assert found.equations[0].value == pytest.approx(3 * dy[1], rel=1e-5)
    assert found.equations[-1].where == "the loss"
    assert found.agrees


def test_where_only_a_penalty_pulls_the_path_ends_with_it():
    model = Sequential(
        [
            Input((2, 2, 1)),
            layers.Rescaling(1.0, name="same"),
            layers.ActivityRegularization(l2=0.5, name="penalty"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    x = np.array([[[[1.0], [-3.0]], [[2.0], [0.0]]]])  # 2 is what pooling lets through
    found = explain_gradient(model, x, [1], "same", "x", (0, 1, 0))
    assert [equation.value for equation in found.equations] == [-3, -3]
    assert found.equations[-1].where == "ActivityRegularization 'penalty'"
    assert found.agrees


def test_softmax_and_loss_apart():
    # A softmax below the top is differentiated by itself.
    model = Sequential(
        [
            Input((3,)),
            layers.Dense(3, activation="softmax", name="gate"),
            layers.Dense(2, activation="softmax", name="out"),
        ]
    )
    every_layer.settle(model)
    found = explain_gradient(model, np.ones((1, 3)), [1], "gate", "kernel")
    names = [(equation.where, equation.name[:2]) for equation in found.equations]
    assert names[1] == ("Dense 'gate'", "dz")
    assert "y[k]" in found.equations[1].formula
    assert found.agrees


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("from_logits", [False, True])
def test_the_way_back_is_that_of_training(activation, from_logits):
    dense = layers.Dense(3, activation, name="dense")
    model = Sequential([Input((4,)), dense])
    every_layer.settle(model)
    loss = losses.SparseCategoricalCrossentropy(from_logits)
    model.compile(optimizers.SGD(1.0), loss)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 4)), rng.integers(0, 3, 5)
    run = passes.from_loss(model, x, y, training=True)
    found = explain_gradient(model, x, y, "dense", "kernel", training=True)
    before = model.get_weights()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there are no logits
        trained_on = model.train_on_batch(x, y)
    assert trained_on == pytest.approx(run.losses.mean(), rel=1e-6)
    step = [old - new for old, new in zip(before, model.get_weights(), strict=True)]
    for name, taken in zip(("kernel", "bias"), step, strict=True):
        np.testing.assert_allclose(run.steps[0].grads[name], taken, atol=1e-6)
    assert found.equations[-1].where.startswith("softmax and cross-entropy")
    assert found.agrees


def test_the_targets_of_one_sample():
    model, x = every_layer.on_images(every_layer.convolutional, 1)
    text = str(explain_gradient(model, x, [2], "same"))
    assert str(explain_gradient(model, x[0], 2, "same")) == text
    one_hot = np.eye(5)[2]
    model.compile("adam", "categorical_crossentropy")
    assert str(explain_gradient(model, x[0], one_hot, "same")) == text
    assert str(explain_gradient(model, x, one_hot[None], "same")) == text


def test_a_gradient_that_is_not_there_is_refused():
    model, x = every_layer.on_images(every_layer.convolutional, 1)
    with pytest.raises(
        ValueError, match="gradient of x or kernel or bias, received 'w'"
    ):
        explain_gradient(model, x, [1], "same", "w")
    with pytest.raises(ValueError, match="gradient of x, received 'kernel'"):
        explain_gradient(model, x, [1], "max")
    with pytest.raises(ValueError, match=r"inside of \(3, 3, 2, 3\)"):
        explain_gradient(model, x, [1], "same", "kernel", (3, 0, 0, 0))
    with pytest.raises(ValueError, match="expected labels 0 to 4, received 5"):
        explain_gradient(model, x, [5], "same")


# Layer and gradient → the kernel, and where in its arguments the gradient is written.
KERNELS = {
    ("same", "kernel"): ("convolution_backward_weight", 2),
    ("strided", "x"): ("convolution_backward_input", 2),
    ("hidden", "kernel"): ("dense_backward_weight", 2),
    ("hidden", "x"): ("dense_backward_input", 2),
    ("max", "x"): ("max_pooling_backward", 3),
    ("norm", "x"): ("batch_normalization_backward_inference", 6),
    ("norm", "gamma"): ("batch_normalization_backward_inference", 7),
}


@pytest.mark.parametrize("case", KERNELS)
def test_a_backward_kernel_that_is_a_little_wrong_is_found_out(case, monkeypatch):
    model, x = every_layer.on_images(every_layer.convolutional, 1)
    assert explain_gradient(model, x, [1], *case).agrees
    every_layer.spoil(monkeypatch, *KERNELS[case])
    found = explain_gradient(model, x, [1], *case)
    assert not found.equations[0].agrees
    assert not found.agrees


def test_training_takes_the_whole_batch():
    model = every_layer.convolutional("float64")
    x, y = every_layer.images(model, 6).astype("float64"), every_layer.labels(model, 6)
    run = passes.from_loss(model, x, y, training=True)
    found = explain_gradient(model, x, y, "norm", "gamma", 1, training=True)
    (step,) = (step for step in run.steps if step.path == "norm")
    given = step.x - step.x.mean((0, 1, 2))
    normalized = given / np.sqrt(step.x.var((0, 1, 2)) + 0.001)
    expected = (step.dy * normalized)[..., 1].sum()
    assert found.equations[0].value == pytest.approx(expected, rel=1e-10)
    assert found.agrees


def test_where_paths_part_the_gradient_is_the_sum_of_what_comes_back():
    start = Input((2,))
    h = layers.Dense(2, activation="relu", name="hidden")(start)
    f = layers.Dense(2, name="f")(h)
    model = Model(start, layers.Add(name="add")([h, f]))
    kernel, f_kernel = np.array([[1.0, 2], [0.5, -1]]), np.array([[3.0, 0], [-1, 0.5]])
    model.set_weights([kernel, [0, 0], f_kernel, [0, 0]])
    model.compile("sgd", "mse")
    x, y = np.array([[1.0, 0.5]]), np.array([[0.0, 0.0]])
    dy = np.maximum(x @ kernel, 0) @ (np.eye(2) + f_kernel)  # 2 / D is 1
    found = explain_gradient(model, x, y, "hidden", "kernel", (0, 0))
    assert found.agrees, str(found)
    assert [equation.name for equation in found.equations] == [
        *("d_kernel[0, 0]", "dz[0]", "dy[0]"),
        *("dx[0]", "dx2[0]", "dy[0]"),
    ]
    total = found.equations[2]
    assert total.where == "Dense 'hidden'"
    parts = {row.text: row.value for row in total.rows}
    assert parts == {
        "dx[0] of Dense 'f'": pytest.approx((dy @ f_kernel.T)[0, 0], rel=1e-6),
        "dx1[0] of Add 'add'": pytest.approx(dy[0, 0], rel=1e-6),
    }
    assert total.value == pytest.approx(sum(parts.values()), rel=1e-6)
    past = explain_gradient(model, x, y, "add", "x1", 0)
    assert [equation.name for equation in past.equations] == ["dx1[0]", "dy[0]"]


def test_a_parameter_that_is_used_twice_collects_from_both_calls():
    model = every_layer.branching()
    x, y = every_layer.images(model, 2), every_layer.labels(model, 2)
    model.compile(optimizers.SGD(1.0), "sparse_categorical_crossentropy")
    found = explain_gradient(model, x, y, "shared", "kernel", (1, 2), training=True)
    total = found.equations[0]
    assert [row.text for row in total.rows] == [
        "d_kernel[1, 2] of call 1",
        "d_kernel[1, 2] of call 2",
    ]
    kernel = model.get_layer("shared").params["kernel"]
    before = float(kernel[1, 2])
    model.train_on_batch(x, y)
    assert before - float(kernel[1, 2]) == pytest.approx(total.value, abs=2e-6)


def test_the_softmax_at_the_top_has_a_gradient():
    model = every_layer.averaging()
    x, y = every_layer.images(model, 2), every_layer.labels(model, 2)
    (only,) = explain_gradient(model, x, y, "softmax", "x", 3, sample=1).equations
    assert only.name == "dz[1, 3]" and only.agrees
