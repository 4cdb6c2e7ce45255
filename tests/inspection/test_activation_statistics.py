from __future__ import annotations

import numpy as np
import pytest

from scratchnet import Input, Sequential, inspection, layers, utils


def test_by_hand():
    model = Sequential(
        [Input((3,)), layers.Dropout(0.5), layers.ReLU(name="relu"), layers.Flatten()]
    )
    x = np.array([[1.0, -1.0, 0.0], [-2.0, -3.0, 4.0]])
    found = inspection.activation_statistics(model, x, bins=3)
    assert list(found) == ["relu"]
    relu = found["relu"]
    assert relu.counts == [1, 0, 1]
    assert relu.edges == [1, 2, 3, 4]
    assert relu.zeros == pytest.approx(4 / 6)
    assert relu.dead == pytest.approx(1 / 3)  # the second unit
    assert relu.mean == pytest.approx(5 / 6)
    assert relu.deviation == pytest.approx(np.std([1, 0, 0, 0, 0, 4]))


def test_a_channel_is_dead_only_if_it_is_so_everywhere():
    model = Sequential([Input((4, 4, 1)), layers.Conv2D(3, 1, activation="relu")])
    model.set_weights([np.array([[[[1.0, -1.0, 1.0]]]]), [0.0, 0.0, -9.0]])
    x = np.zeros((5, 4, 4, 1))
    x[2, 1, 3] = 1.0  # the first channel fires in one place of one image
    (found,) = inspection.activation_statistics(model, x).values()
    assert found.dead == pytest.approx(2 / 3)
    assert found.zeros == pytest.approx(1 - 1 / (5 * 16 * 3))
    assert sum(found.counts) == 1


def test_only_a_rectifier_can_be_dead():
    utils.set_random_seed(0)
    model = Sequential(
        [Input((3,)), layers.Dense(2, activation="tanh"), layers.Dense(2)]
    )
    found = inspection.activation_statistics(model, np.ones((2, 3)))
    assert [one.dead for one in found.values()] == [None, None]


def test_a_layer_that_gives_only_zeros():
    model = Sequential([Input((2,)), layers.ReLU(name="relu")])
    found = inspection.activation_statistics(model, -np.ones((3, 2)), bins=5)["relu"]
    assert found.counts == [0] * 5 and len(found.edges) == 6
    assert found.zeros == found.dead == 1.0


def test_large_layers_are_sampled_and_zeros_counted_whole():
    model = Sequential([Input((100, 100)), layers.ReLU(name="relu")])
    x = np.random.default_rng(0).normal(size=(20, 100, 100))
    found = inspection.activation_statistics(model, x)["relu"]
    y = np.maximum(x.astype("float32"), 0)
    assert found.zeros == 1 - np.count_nonzero(y) / y.size
    drawn = sum(found.counts) / (1 - found.zeros)
    assert drawn == pytest.approx(65536, rel=0.02)
    assert found.mean == pytest.approx(y.mean(), rel=0.03)
    assert found.deviation == pytest.approx(y.std(), rel=0.03)
    assert found == inspection.activation_statistics(model, x)["relu"]


def test_the_figure_has_a_histogram_per_layer():
    utils.set_random_seed(0)
    model = Sequential(
        [
            Input((3,)),
            layers.Dense(4, activation="relu", name="a$b$"),
            layers.Dense(2, name="last"),
        ]
    )
    x = np.random.default_rng(0).normal(size=(50, 3))
    found = inspection.activation_statistics(model, x)
    figure = inspection.plot_activations(found)
    figure.canvas.draw()
    for axes, (name, one) in zip(figure.get_axes(), found.items(), strict=True):
        (steps,) = axes.patches
        np.testing.assert_array_equal(steps.get_data().values, one.counts)
        np.testing.assert_array_equal(steps.get_data().edges, one.edges)
        assert axes.get_title().startswith(f"{name}\n{one.zeros:.0%} zeros")
    assert "units dead" in figure.get_axes()[0].get_title()
    assert "dead" not in figure.get_axes()[1].get_title()
