from __future__ import annotations

import every_layer
import numpy as np
import pytest
from scipy.signal import correlate

from scratchnet import Input, Sequential, activations, kernels, layers
from scratchnet.explain import explain
from scratchnet.explain.element import ARITHMETIC
from scratchnet.inspection import passes
from scratchnet.plan import Plan


def elements(shape: tuple[int, ...], count: int) -> list[tuple[int, ...]]:
    """Return a few elements, the first and the last (corners, padding) among them."""
    rng = np.random.default_rng(3)
    drawn = [tuple(int(rng.integers(size)) for size in shape) for _ in range(count)]
    return [(0,) * len(shape), tuple(size - 1 for size in shape), *drawn]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("make", every_layer.ALL)
def test_elements_of_every_layer_agree_with_the_kernels(make, training):
    model = make()
    x = every_layer.images(model, 4)
    steps = passes.forward(model, x, training=training)
    last = {step.path: step.y for step in steps}  # of calls of one layer, the last
    for path in every_layer.paths(model):
        y = last[path]
        for element in elements(y.shape[1:], 4):
            found = explain(model, x, path, element, sample=2, training=training)
            assert found.agrees, str(found)
            assert found.equations[-1].computed == y[2, *element]
            # Tight: a sum that left a summand out would not pass for rounding.
            for equation in found.equations:
                size = sum(abs(row.value) for row in equation.rows)
                assert equation.tolerance <= 2e-5 * max(size, 1e-3)


def test_a_convolution_is_scipys_correlation():
    model, x = every_layer.on_images(every_layer.convolutional, 1, "float64")
    layer = model.get_layer("same")
    scaled = x[0] * 0.5 + 0.25
    for h, w, co in elements((9, 8, 3), 5):
        z, y = explain(model, x, "same", (h, w, co)).equations
        planes = [
            correlate(scaled[..., c], layer.params["kernel"][..., c, co], "same")
            for c in range(2)
        ]
        expected = sum(planes)[h, w] + layer.params["bias"][co]
        assert z.value == pytest.approx(expected, rel=1e-12, abs=1e-12)
        assert y.value == max(z.computed, 0)
        inside = len([row for row in z.rows if "kernel" in row.text])
        assert inside == 2 * (3 - (h in (0, 8))) * (3 - (w in (0, 7)))


def test_a_dense_layer_is_a_product_with_its_matrix():
    model, x = every_layer.on_images(every_layer.convolutional, 1, "float64")
    step = passes.outputs(model, x)["flatten"]
    layer = model.get_layer("hidden")
    z, y = explain(model, x, "hidden", 4).equations
    expected = step.y[0] @ layer.params["kernel"][:, 4] + layer.params["bias"][4]
    assert z.value == pytest.approx(expected, rel=1e-12)
    assert y.value == pytest.approx(1 / (1 + np.exp(-expected)), rel=1e-12)
    assert len(z.rows) == step.y.shape[1] + 1
    assert z.rows[-1].text == "bias[4]"


def test_pooling_names_the_maximum():
    model = Sequential([Input((2, 4, 1)), layers.MaxPooling2D(2, name="max")])
    x = np.array([[1, 2, 5, 5], [4, 3, 0, 5]], "float32")[..., None]
    (first,) = explain(model, x, "max", (0, 0, 0)).equations
    assert [row.factors for row in first.rows] == [(1,), (2,), (4,), (3,)]
    assert [bool(row.mark) for row in first.rows] == [False, False, True, False]
    (second,) = explain(model, x, "max", (0, 1, 0)).equations
    assert [bool(row.mark) for row in second.rows] == [True, False, False, False]
    assert second.value == second.computed == 5


def test_an_average_counts_the_pixels_inside():
    model, x = every_layer.on_images(every_layer.averaging, 1, "float64")
    (corner,) = explain(model, x, "average", (0, 0, 1)).equations
    assert corner.value == pytest.approx(x[0, :2, :2, 1].mean(), rel=1e-12)
    (middle,) = explain(model, x, "average", (1, 2, 1)).equations
    assert middle.value == pytest.approx(x[0, 1:4, 3:6, 1].mean(), rel=1e-12)


@pytest.mark.parametrize("training", [False, True])
def test_batch_normalisation_by_hand(training):
    model, x = every_layer.on_images(every_layer.convolutional, 5, "float64")
    layer = model.get_layer("norm")
    steps = passes.forward(model, x, training=training)
    given = next(step.x for step in steps if step.path == "norm")
    mean, variance = layer.buffers["moving_mean"], layer.buffers["moving_variance"]
    if training:
        mean, variance = given.mean((0, 1, 2)), given.var((0, 1, 2))
    *statistics, last = explain(
        model, x, "norm", (3, 4, 1), sample=2, training=training
    ).equations
    expected = layer.params["gamma"] * (given[2, 3, 4] - mean)
    expected = expected / np.sqrt(variance + layer.epsilon) + layer.params["beta"]
    assert last.value == pytest.approx(expected[1], rel=1e-10)
    assert [equation.name for equation in statistics] == (
        ["mean[1]", "variance[1]"] if training else []
    )
    for equation, own in zip(statistics, (mean, variance), strict=False):
        assert equation.value == pytest.approx(own[1], rel=1e-10)


def test_softmax_by_hand():
    model, x = every_layer.on_images(every_layer.averaging, 1, "float64")
    z = passes.forward(model, x)[-1].x[0]
    (equation,) = explain(model, x, "softmax", 2).equations
    assert equation.value == pytest.approx(np.exp(z[2]) / np.exp(z).sum(), rel=1e-12)
    assert len(equation.rows) == 5


def test_dropout_in_training_keeps_or_drops():
    model, x = every_layer.on_images(every_layer.convolutional, 2)
    seen = set()
    for w in range(4):
        found = explain(model, x, "drop", (0, w, 0), training=True)
        (equation,) = found.equations
        assert found.agrees
        given = equation.rows[0].factors[0]
        kept = equation.value != 0
        seen.add(kept)
        if kept:
            assert equation.value == pytest.approx(given / 0.6, rel=1e-6)
    assert seen == {True, False}
    (still,) = explain(model, x, "drop", (0, 0, 0)).equations
    assert still.value == still.rows[0].factors[0]


# Layer → its kernel, and where in the kernel's arguments the output is written.
KERNELS = {
    "same": ("convolution_forward", 3),
    "norm": ("batch_normalization_inference", 6),
    "max": ("max_pooling_forward", 1),
    "hidden": ("dense_forward", 3),
    "out": ("softmax_forward", 1),
}


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_that_is_a_little_wrong_is_found_out(name, monkeypatch):
    model, x = every_layer.on_images(every_layer.convolutional, 1)
    assert explain(model, x, name).agrees
    every_layer.spoil(monkeypatch, *KERNELS[name])
    found = explain(model, x, name)
    assert not found.agrees
    assert "DISAGREES" in str(found)


def test_the_default_is_the_largest_element():
    model, x = every_layer.on_images(every_layer.convolutional, 3)
    y = passes.outputs(model, x)["same"].y[1]
    found = explain(model, x, "same", sample=1)
    place = np.unravel_index(np.argmax(np.abs(y)), y.shape)
    assert found.title == (
        f"Output {[int(i) for i in place]} of Conv2D 'same', sample 1"
    )


def test_one_sample_may_come_without_its_batch():
    model, x = every_layer.on_images(every_layer.convolutional, 1)
    assert str(explain(model, x[0], "out", 1)) == str(explain(model, x, "out", 1))
    grey = Sequential([Input((4, 3, 1)), layers.Flatten(name="flat")])
    assert explain(grey, np.ones((4, 3)), "flat", 5).agrees


def test_a_layer_is_found_by_name_by_index_and_by_itself():
    model, x = every_layer.on_images(every_layer.convolutional, 1)
    texts = {
        str(explain(model, x, layer, (0, 0, 0)))
        for layer in ("same", 1, model.layers[1])
    }
    assert len(texts) == 1


def test_what_is_not_there_is_refused():
    model, x = every_layer.on_images(every_layer.convolutional, 2)
    with pytest.raises(ValueError, match=r"expected one of \['rescaling'.*'smae'"):
        explain(model, x, "smae")
    with pytest.raises(
        ValueError, match=r"inside of \(9, 8, 3\), received \(9, 0, 0\)"
    ):
        explain(model, x, "same", (9, 0, 0))
    with pytest.raises(ValueError, match=r"inside of \(9, 8, 3\), received \(1, 2\)"):
        explain(model, x, "same", (1, 2))
    with pytest.raises(ValueError, match=r"inside of \(9, 8, 3\), received \(-1, 0, 0"):
        explain(model, x, "same", (-1, 0, 0))
    with pytest.raises(ValueError, match="a sample from 0 to 1, received 2"):
        explain(model, x, "same", sample=2)
    with pytest.raises(ValueError, match=r"that compute something, received \"ReLU '"):
        explain(model, x, layers.ReLU())
    with pytest.raises(ValueError, match=r"expected input \(N, 9, 8, 2\), received"):
        explain(model, x[..., :1], "same")
    with pytest.raises(ValueError, match="expected a built model"):
        explain(Sequential([layers.Dense(2)]), [[1.0]], 0)


def test_a_layer_of_ones_own_is_refused_by_name():
    class Double(layers.Dense):
        def forward(self, x, *, training):
            return 2 * super().forward(x, training=training)

    model = Sequential([Input((2,)), Double(2, name="double")])
    with pytest.raises(NotImplementedError, match=r"Double 'double'.*own layers only"):
        explain(model, [[1.0, 2.0]], "double")


def test_every_operation_of_scratchnets_is_explained():
    plans = [Plan(make()).program for make in every_layer.ALL]
    assert {kind for plan in plans for kind in plan.kinds[1:]} == set(ARITHMETIC)
    of_layers = {layer.operation for layer in layers.ALL.values()}
    of_layers = {kind for kind in of_layers if isinstance(kind, str)}
    nothing = {"input", "linear", "identity"}
    functions = set(activations.ALL) | set(kernels.FORMULAS)
    assert set(ARITHMETIC) >= (of_layers | functions) - {"", *nothing}


def test_branches_are_added_and_joined():
    model, x = every_layer.on_images(every_layer.branching, 1)
    ys = {path: step.y for path, step in passes.outputs(model, x).items()}
    (added,) = explain(model, x, "add", (1, 2, 0)).equations
    assert added.formula == "x1 + x2 + x3"
    assert added.rows[0].value == added.rows[2].value == ys["stem"][0, 1, 2, 0]
    (joined,) = explain(model, x, "join", (1, 2, 4)).equations
    assert joined.formula == "x2, moved" and joined.rows[0].text == "x2[1, 2, 1]"
    assert joined.value == ys["add"][0, 1, 2, 1]
    (stacked,) = explain(model, x, "stack", (8, 2, 4)).equations
    assert stacked.rows[0].text == "x2[3, 2, 4]"
    assert stacked.value == ys["join"][0, 3, 2, 4]


def test_a_layer_of_a_model_in_the_model_has_a_path():
    model, x = every_layer.on_images(every_layer.branching, 1)
    found = explain(model, x, "block/conv", (0, 0, 0))
    assert found.title == "Output [0, 0, 0] of Conv2D 'block/conv'"
    inner = model.get_layer("block").get_layer("conv")
    assert str(explain(model, x, inner, (0, 0, 0))) == str(found)
    with pytest.raises(ValueError, match=r"expected one of .*'block/norm'.*'block'"):
        explain(model, x, "block")


def test_of_a_layer_that_is_called_twice_the_last_call_is_explained():
    model, x = every_layer.on_images(every_layer.branching, 1)
    z, y = explain(model, x, "shared", 2).equations
    steps = [step for step in passes.forward(model, x) if step.path == "shared"]
    assert [step.kind for step in steps] == ["dense", "tanh"] * 2
    assert (z.computed, y.computed) == (steps[2].y[0, 2], steps[3].y[0, 2])


@pytest.mark.parametrize("rung", kernels.RUNGS)
def test_every_rung_agrees(rung):
    model, x = every_layer.on_images(every_layer.convolutional, 1)
    with kernels.rung(rung):
        for layer in model.layers:
            assert explain(model, x, layer).agrees


def test_infinite_weights_disagree_with_nothing_and_raise_nothing():
    model = Sequential([Input((2,)), layers.Dense(1, name="dense")])
    model.set_weights([[[np.inf], [-np.inf]], [0.0]])
    with np.errstate(invalid="ignore"):
        found = explain(model, [[1.0, 1.0]], "dense", 0)
    assert np.isnan(found.equations[0].value)
    assert found.agrees
