from __future__ import annotations

import json
from dataclasses import asdict

import matplotlib
import numpy as np
import pytest

from scratchnet import Input, Model, Sequential, inspection, layers, optimizers, utils
from scratchnet.callbacks import LayerMonitor


def network(optimizer: object = "adam") -> Sequential:
    utils.clear_session()
    utils.set_random_seed(3)
    model = Sequential(
        [
            Input((6, 6, 1)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


def data(count: int = 20) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((count, 6, 6, 1), "float32"), rng.integers(0, 3, count)


def test_gradients_and_updates_by_hand():
    # y = x · w with mean squared error: gradient and update are a line of NumPy each.
    model = Sequential([Input((2,)), layers.Dense(1, use_bias=False, name="dense")])
    model.set_weights([[[1.0], [2.0]]])
    model.compile(optimizers.SGD(0.1), "mse")
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(8, 2)), rng.normal(size=(8, 1))
    monitor = LayerMonitor(every=1)
    model.fit(x, y, 4, epochs=2, shuffle=False, verbose=0, callbacks=[monitor])
    w, norms, ratios = np.array([[1.0], [2.0]]), [], []
    for start in (0, 4, 0, 4):
        part = np.s_[start : start + 4]
        gradient = 2 * x[part].T @ (x[part] @ w - y[part]) / 4
        norms.append(np.linalg.norm(gradient))
        ratios.append(0.1 * np.linalg.norm(gradient) / np.linalg.norm(w))
        w -= 0.1 * gradient
    assert monitor.record["steps"] == [0, 1, 2, 3]
    assert monitor.record["gradient_norm"]["dense"] == pytest.approx(norms, rel=1e-5)
    assert monitor.record["update_ratio"]["dense"] == pytest.approx(ratios, rel=1e-4)
    assert monitor.record["epochs"] == [0, 1]
    assert monitor.record["activations"] == {}


def test_all_of_a_layers_parameters_count_together():
    model, (x, y) = network(optimizers.SGD(0.5)), data(8)
    before = model.layers[0].get_weights()
    monitor = LayerMonitor(every=1)
    model.fit(x, y, 8, shuffle=False, verbose=0, callbacks=[monitor])
    after = model.layers[0].get_weights()
    change = np.concatenate(
        [(b - a).ravel() for a, b in zip(before, after, strict=True)]
    )
    size = np.concatenate([a.ravel() for a in before])
    ratio = np.linalg.norm(change) / np.linalg.norm(size)
    assert monitor.record["update_ratio"]["conv2d"] == pytest.approx([ratio], rel=1e-5)
    norm = np.linalg.norm(change) / 0.5
    assert monitor.record["gradient_norm"]["conv2d"] == pytest.approx([norm], rel=1e-4)
    assert set(monitor.record["update_ratio"]) == {
        "conv2d",
        "batch_normalization",
        "dense",
    }


def test_training_is_the_same_to_the_bit():
    results = []
    for callbacks in ([], [LayerMonitor(data(5)[0], every=2)]):
        model, (x, y) = network(), data()
        history = model.fit(x, y, 4, epochs=2, verbose=0, callbacks=callbacks)
        results.append((model.get_weights(), history.history))
    (plain, logs), (watched, watched_logs) = results
    assert logs == watched_logs
    for one, other in zip(plain, watched, strict=True):
        assert one.tobytes() == other.tobytes()


def test_only_every_so_many_steps_are_recorded():
    model, (x, y) = network(), data()
    monitor = LayerMonitor(every=3)
    model.fit(x, y, 4, epochs=2, verbose=0, callbacks=[monitor])
    assert monitor.record["steps"] == [0, 3, 6, 9]
    assert all(len(v) == 4 for v in monitor.record["gradient_norm"].values())
    # A second training goes on counting, in a record of its own.
    model.fit(x, y, 4, epochs=1, verbose=0, callbacks=[monitor])
    assert monitor.record["steps"] == [12]


def test_activations_after_every_epoch():
    model, (x, y) = network(), data()
    probe = data(7)[0]
    monitor = LayerMonitor(probe, bins=6)
    model.fit(x, y, 4, epochs=2, verbose=0, callbacks=[monitor])
    activations = monitor.record["activations"]
    last = inspection.activation_statistics(model, probe, bins=6)
    assert list(activations) == list(last)
    for name, history in activations.items():
        assert len(history) == 2
        assert history[-1] == asdict(last[name])
        assert len(history[0]["counts"]) == 6
    assert activations["conv2d"][0] != activations["conv2d"][1]


def test_layers_of_a_model_in_the_model_have_paths():
    utils.set_random_seed(3)
    start = Input((4,))
    dense = layers.Dense(4, activation="relu", name="dense")
    block = Sequential([dense, layers.Dropout(0.5)], name="block")
    added = layers.Add(name="add")([start, block(start)])
    model = Model(start, layers.Dense(3, activation="softmax", name="out")(added))
    model.compile(optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
    kernel, bias = dense.weights
    monitor, before = LayerMonitor(x, every=1), kernel.copy()
    model.fit(x, y, 8, verbose=0, callbacks=[monitor])
    assert list(monitor.record["gradient_norm"]) == ["block/dense", "out"]
    assert list(monitor.record["activations"]) == ["block/dense", "add", "out"]
    change = np.concatenate([(kernel - before).ravel(), bias])
    norm = np.linalg.norm(change) / 0.5
    assert monitor.record["gradient_norm"]["block/dense"] == pytest.approx(
        [norm], rel=1e-4
    )


def test_a_frozen_layer_is_left_out():
    model, (x, y) = network(), data()
    model.layers[0].trainable = False
    monitor = LayerMonitor(every=1)
    model.fit(x, y, 10, verbose=0, callbacks=[monitor])
    assert "conv2d" not in monitor.record["gradient_norm"]
    assert "dense" in monitor.record["gradient_norm"]


def test_weights_of_nothing_but_zeros_have_no_ratio():
    model = Sequential(
        [Input((2,)), layers.Dense(1, kernel_initializer="zeros", name="dense")]
    )
    model.compile("sgd", "mse")
    monitor = LayerMonitor(every=1)
    model.fit(np.ones((2, 2)), np.ones(2), 1, verbose=0, callbacks=[monitor])
    first, second = monitor.record["update_ratio"]["dense"]
    assert first is None and second > 0


def test_a_training_that_diverges_is_recorded_as_json(tmp_path):
    model, (x, y) = network(optimizers.SGD(1e30)), data()
    path = tmp_path / "layers.json"
    monitor = LayerMonitor(x, every=1, filename=path)
    with np.errstate(all="ignore"):
        model.fit(x, y, 4, epochs=2, verbose=0, callbacks=[monitor])
    assert "NaN" not in path.read_text() and "Infinity" not in path.read_text()
    found = json.loads(path.read_text())
    assert found == monitor.record
    assert found["gradient_norm"]["dense"][0] > 0
    assert found["gradient_norm"]["dense"][-1] is None
    assert found["update_ratio"]["dense"][-1] is None
    assert found["activations"]["dense"][-1]["mean"] is None
    figure = inspection.plot_training(found)
    figure.canvas.draw()
    (line,) = (
        line for line in figure.get_axes()[0].get_lines() if line.get_label() == "dense"
    )
    heights = np.array(found["gradient_norm"]["dense"], float)
    np.testing.assert_array_equal(line.get_ydata(), heights)
    inspection.plot_activation_history(found).canvas.draw()


def test_the_file_is_the_record(tmp_path):
    model, (x, y) = network(), data()
    path = tmp_path / "layers.json"
    monitor = LayerMonitor(x[:3], every=2, filename=path)
    model.fit(x, y, 4, epochs=2, verbose=0, callbacks=[monitor])
    assert json.loads(path.read_text()) == monitor.record
    assert [one.name for one in tmp_path.iterdir()] == ["layers.json"]


@pytest.mark.parametrize("wrong", [{"every": 0}, {"every": 1.5}, {"bins": 0}])
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="LayerMonitor"):
        LayerMonitor(**wrong)


def record() -> dict:
    model, (x, y) = network(), data()
    monitor = LayerMonitor(x, every=1)
    model.fit(x, y, 4, epochs=3, verbose=0, callbacks=[monitor])
    return monitor.record


def test_the_figure_of_a_deep_model_names_some_layers_and_draws_all():
    found = record()
    for kind in ("gradient_norm", "update_ratio"):
        values = next(iter(found[kind].values()))
        found[kind] = {f"layer_{number}": values for number in range(40)}
    figure = inspection.plot_training(found)
    figure.canvas.draw()
    norms = figure.get_axes()[0]
    named = [text.get_text() for text in norms.get_legend().get_texts()]
    assert len(norms.get_lines()) == 40
    assert len(named) == 12 and named[0] == "layer_0" and named[-1] == "layer_39"
    assert norms.get_legend().get_title().get_text() == "some of 40 layers"
    assert norms.get_window_extent().height > 100  # there is room for the lines


def test_the_figure_of_training_has_a_line_per_layer():
    found = record()
    figure = inspection.plot_training(found)
    figure.canvas.draw()
    norms, ratios, dead = figure.get_axes()
    for axes, kind in ((norms, "gradient_norm"), (ratios, "update_ratio")):
        lines = {line.get_label(): line for line in axes.get_lines()}
        for name, values in found[kind].items():
            np.testing.assert_array_equal(lines[name].get_xdata(), found["steps"])
            np.testing.assert_array_equal(lines[name].get_ydata(), values)
        assert axes.get_yscale() == "log"
    (line,) = dead.get_lines()
    shares = [100 * one["dead"] for one in found["activations"]["conv2d"]]
    np.testing.assert_array_equal(line.get_ydata(), shares)
    np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])


def test_powers_of_ten_are_plain_numbers_where_mathematics_is_off():
    found = {**record(), "steps": [0, 1]}
    found["gradient_norm"] = {"layer": [0.6, 4.5]}
    found["update_ratio"] = {"layer": [0.0002, 30.0]}
    with matplotlib.rc_context({"text.parse_math": False}):
        figure = inspection.plot_training(found)
        figure.canvas.draw()
    norms, ratios, _ = (
        {label.get_text() for label in axes.get_yticklabels(which="both")}
        for axes in figure.get_axes()
    )
    assert {"0.01", "1"} <= ratios and "0.02" not in ratios
    # Where there is but one power of ten, other numbers are written, too.
    assert {"0.6", "1", "3"} <= norms


def test_the_figure_of_activations_has_a_column_per_epoch():
    found = record()
    figure = inspection.plot_activation_history(found)
    figure.canvas.draw()
    shown = [axes for axes in figure.get_axes() if axes.get_title()]
    assert [axes.get_title() for axes in shown] == list(found["activations"])
    for axes, history in zip(shown, found["activations"].values(), strict=True):
        assert len(axes.collections) == 3
        for mesh, one in zip(axes.collections, history, strict=True):
            counts = np.array(one["counts"])
            values = np.asarray(mesh.get_array()).ravel()
            np.testing.assert_allclose(values**2, counts / counts.max(), atol=1e-12)


def test_an_empty_record_has_no_figure():
    with pytest.raises(ValueError, match="received an empty one"):
        inspection.plot_training({})
    with pytest.raises(ValueError, match="give LayerMonitor some samples"):
        inspection.plot_activation_history({"steps": [1], "activations": {}})
