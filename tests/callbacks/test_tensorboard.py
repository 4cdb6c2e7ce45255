"""TensorBoard: which files, tags, steps and values; read by their format alone."""

from __future__ import annotations

import builtins
import json
import struct

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers
from scratchnet.callbacks import TensorBoard

pytest.importorskip("tensorboardX", reason="needs the extra `tensorboard`")


def events(folder):
    """Read TensorFlow's records: length (8 bytes), a checksum (4), data, another."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted(folder.glob("events*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            event = Event.FromString(data[at + 12 : at + 12 + length])
            found += [(value.tag, event.step, value) for value in event.summary.value]
            at += length + 16
    return found


def scalars(folder):
    return {
        (tag, step): value.simple_value
        for tag, step, value in events(folder)
        if value.WhichOneof("value") == "simple_value"
    }


@pytest.fixture
def data():
    random = np.random.default_rng(0)
    return random.random((20, 6)).astype(np.float32), np.arange(20) % 3


def compiled():
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.BatchNormalization(name="norm"),
            layers.Dense(3, activation="softmax", name="last"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_metrics_of_epochs(data, tmp_path):
    model = compiled()
    history = model.fit(
        *data,
        validation_split=0.25,
        epochs=2,
        verbose=0,
        callbacks=[TensorBoard(tmp_path, write_steps_per_second=True)],
    ).history
    train, validation = scalars(tmp_path / "train"), scalars(tmp_path / "validation")
    for epoch in range(2):
        for name in ("loss", "accuracy"):
            found = train[f"epoch_{name}", epoch]
            assert found == pytest.approx(history[name][epoch], rel=1e-6)
            found = validation[f"epoch_{name}", epoch]
            assert found == pytest.approx(history[f"val_{name}"][epoch], rel=1e-6)
        assert train["epoch_learning_rate", epoch] == pytest.approx(0.001)
        assert train["epoch_steps_per_second", epoch] > 0
        # One batch an epoch.
        assert ("evaluation_loss_vs_iterations", epoch + 1) in validation
    assert not any(tag.startswith("batch") for tag, _ in train)


@pytest.mark.parametrize(("freq", "steps"), [("batch", [1, 2, 3, 4]), (2, [2, 4])])
def test_metrics_of_batches(data, tmp_path, freq, steps):
    callback = TensorBoard(tmp_path, update_freq=freq)
    compiled().fit(*data, batch_size=10, epochs=2, verbose=0, callbacks=[callback])
    train = scalars(tmp_path / "train")
    assert sorted(step for tag, step in train if tag == "batch_loss") == steps


def test_histograms_and_the_graph(data, tmp_path):
    model = compiled()
    callback = TensorBoard(tmp_path, histogram_freq=2)
    model.fit(*data, epochs=3, verbose=0, callbacks=[callback])
    found = {(tag, step): value for tag, step, value in events(tmp_path / "train")}
    graph = found["keras", 0]
    assert graph.metadata.plugin_data.plugin_name == "graph_keras_model"
    config = json.loads(graph.tensor.string_val[0])
    assert config["class_name"] == "Sequential"
    names = "norm/gamma norm/beta norm/moving_mean norm/moving_variance last/kernel"
    for name in [*names.split(), "last/bias"]:
        assert [s for tag, s in found if tag == f"{name}/histogram"] == [0, 2]
    kernel = found["last/kernel/histogram", 2].histo
    assert (kernel.num, kernel.max) == (18, pytest.approx(model.get_weights()[4].max()))


def test_one_that_is_used_twice(data, tmp_path):
    callback = TensorBoard(tmp_path, write_graph=False)
    model = compiled()
    for _ in range(2):
        model.fit(*data, verbose=0, callbacks=[callback])
    losses = [tag for tag, *_ in events(tmp_path / "train") if tag == "epoch_loss"]
    assert len(losses) == 2


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"write_images": True}, NotImplementedError, "inspection.plot_filters"),
        ({"profile_batch": 2}, NotImplementedError, "profile_batch=2 is outside"),
        ({"embeddings_freq": 1}, NotImplementedError, "no embeddings here"),
        ({"histogram_freq": -1}, ValueError, "at least 0 for histogram_freq"),
        ({"update_freq": 0}, ValueError, "at least 1 for update_freq, received 0"),
        ({"update_freq": "step"}, ValueError, "update_freq, received 'step'"),
    ],
)
def test_what_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        TensorBoard(**arguments)


def test_without_tensorboardx_fit_says_so_at_once(data, tmp_path, monkeypatch):
    found = builtins.__import__

    def without(name, *arguments, **more):
        if name.startswith("tensorboardX"):
            raise ImportError(name)
        return found(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    model = compiled()
    with pytest.raises(ImportError, match=r"pip install 'scratchnet\[tensorboard\]'"):
        model.fit(*data, verbose=0, callbacks=[TensorBoard(tmp_path)])
    assert model.optimizer.iterations == 0
