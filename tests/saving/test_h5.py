from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from stand_ins import (
    BatchNormalization,
    Conv2D,
    Dense,
    StandInModel,
    StandInOptimizer,
    layer,
    make_model,
    same_weights,
    weights_of,
)

from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import load_weights, save_weights

GOLDEN = Path(__file__).parents[1] / "keras" / "golden"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.weights.h5"


def optimizer_of(model: StandInModel, seed: int) -> StandInOptimizer:
    """Return an Adam that has taken some steps, its state in scratchnet's order."""
    rng = np.random.default_rng(seed)
    state = {"iterations": np.array(seed, np.int64), "learning_rate": np.array(0.001)}
    for slot in ("momentum", "velocity"):
        for owner in model.layers:
            for name, weight in owner.named_weights.items():
                if not name.startswith("moving"):
                    draw = rng.standard_normal(weight.shape).astype(weight.dtype)
                    state[f"{owner.name}/{name}/{slot}"] = draw
    return StandInOptimizer(state)


# Round trips


def test_the_optimizer_of_a_compiled_model_comes_back(path):
    saved, loaded = make_model(0), make_model(1)
    saved.optimizer, loaded.optimizer = optimizer_of(saved, 5), optimizer_of(loaded, 9)
    save_weights(saved, path)
    load_weights(loaded, path)
    expected, found = saved.optimizer.state, loaded.optimizer.state
    assert found["iterations"] == 5
    assert found["learning_rate"] == 0.001
    slots = [name for name in found if "/" in name]
    assert len(slots) == 2 * 8
    own_names = {
        f"{new.name}/{name}/{slot}": f"{old.name}/{name}/{slot}"
        for old, new in zip(saved.layers, loaded.layers, strict=True)
        for name in old.named_weights
        for slot in ("momentum", "velocity")
    }
    for name in slots:
        np.testing.assert_array_equal(found[name], expected[own_names[name]])


def test_a_learning_rate_of_the_file_is_taken_over(path):
    saved, loaded = make_model(0), make_model(1)
    saved.optimizer, loaded.optimizer = optimizer_of(saved, 5), optimizer_of(loaded, 9)
    saved.optimizer.state["learning_rate"] = np.array(0.25)
    save_weights(saved, path)
    load_weights(loaded, path)
    assert loaded.optimizer.state["learning_rate"] == 0.25


def test_an_optimizer_of_another_size_is_left_alone_with_a_warning(path):
    saved, loaded = make_model(0), make_model(1)
    saved.optimizer = optimizer_of(saved, 5)
    fresh = {"iterations": np.array(0, np.int64), "learning_rate": np.array(0.5)}
    loaded.optimizer = StandInOptimizer(fresh)
    save_weights(saved, path)
    with pytest.warns(UserWarning, match="'adam' has 2 variables .* the file has 18"):
        load_weights(loaded, path)
    assert loaded.optimizer.state is fresh
    assert same_weights(weights_of(loaded), weights_of(saved))


def test_a_file_without_an_optimizer_loads_into_a_compiled_model(path):
    saved, loaded = make_model(0), make_model(1)
    loaded.optimizer = optimizer_of(loaded, 9)
    save_weights(saved, path)
    load_weights(loaded, path)
    assert loaded.optimizer.state["iterations"] == 9


# Keras's layout


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, "float32")


def keras_conv() -> StandInModel:
    """The model of make_weights_h5.py, by hand."""
    return StandInModel(
        [
            layer("Rescaling"),
            Conv2D(kernel=zeros(3, 3, 2, 4), bias=zeros(4)),
            BatchNormalization(
                gamma=zeros(4),
                beta=zeros(4),
                moving_mean=zeros(4),
                moving_variance=zeros(4),
            ),
            layer("MaxPooling2D"),
            layer("Dropout"),
            Conv2D(kernel=zeros(3, 3, 4, 6)),
            BatchNormalization(
                beta=zeros(6), moving_mean=zeros(6), moving_variance=zeros(6)
            ),
            layer("ReLU"),
            layer("Flatten"),
            Dense(kernel=zeros(54, 8), bias=zeros(8)),
            BatchNormalization(
                gamma=zeros(8), moving_mean=zeros(8), moving_variance=zeros(8)
            ),
            layer("Dropout"),
            Dense(kernel=zeros(8, 5), bias=zeros(5)),
        ]
    )


def keras_dense() -> StandInModel:
    return StandInModel(
        [
            layer("Flatten"),
            Dense(kernel=zeros(12, 6)),
            Dense(kernel=zeros(6, 5), bias=zeros(5)),
        ]
    )


MODELS = {"keras_conv": keras_conv, "keras_dense": keras_dense}


def tree(path: Path) -> dict[str, Any]:
    """Every group and array of a file, with what describes it."""
    nodes: dict[str, Any] = {}

    def note(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset):
            nodes[name] = node.shape, node.dtype, sorted(node.attrs)
        else:
            nodes[name] = sorted((k, type(v).__name__) for k, v in node.attrs.items())

    with h5py.File(path, "r") as file:
        nodes[""] = sorted(file.attrs)
        file.visititems(note)
    return nodes


def numbered(arrays: Any, name: str) -> list[np.ndarray]:
    return [arrays[key] for key in sorted(arrays.files) if key.startswith(name)]


@pytest.mark.parametrize("name", MODELS)
def test_keras_s_weights_load_as_keras_has_them(name):
    model = MODELS[name]()
    load_weights(model, GOLDEN / f"{name}.weights.h5")
    with np.load(GOLDEN / f"{name}.npz") as golden:
        assert same_weights(weights_of(model), numbered(golden, "weight"))


@pytest.mark.parametrize("name", MODELS)
def test_the_file_has_the_layout_of_keras_s_own(name, path):
    golden = tree(GOLDEN / f"{name}.weights.h5")
    model = MODELS[name]()
    save_weights(model, path)
    without = {key: node for key, node in golden.items() if "optimizer" not in key}
    assert tree(path) == without


def test_adam_s_variables_have_keras_s_order_and_dtypes(path):
    model = keras_conv()
    model.optimizer = optimizer_of(model, 1)
    save_weights(model, path)
    assert tree(path) == tree(GOLDEN / "keras_conv.weights.h5")
    load_weights(model, GOLDEN / "keras_conv.weights.h5")
    with np.load(GOLDEN / "keras_conv.npz") as golden:
        steps, rate, *slots = numbered(golden, "optimizer")
    state = model.optimizer.state
    assert state["iterations"] == steps == 15
    assert state["learning_rate"] == rate == np.float32(0.01)
    first, last = model.layers[1].name, model.layers[-1].name
    np.testing.assert_array_equal(state[f"{first}/kernel/momentum"], slots[0])
    np.testing.assert_array_equal(state[f"{first}/kernel/velocity"], slots[1])
    np.testing.assert_array_equal(state[f"{last}/bias/velocity"], slots[-1])


def test_the_generator_state_of_older_files_is_passed_over(path):
    save_weights(make_model(0), path)
    with h5py.File(path, "a") as file:
        file["layers/dropout/seed_generator/vars/0"] = np.array([1, 2], "uint32")
    model = make_model(1)
    load_weights(model, path)
    assert same_weights(weights_of(model), weights_of(make_model(0)))


# Files that do not fit


def refuse(path: Path, message: str, model: StandInModel | None = None) -> None:
    model = model or make_model(1)
    before = weights_of(model)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_weights(model, path)
    assert str(path) in str(caught.value)
    assert same_weights(weights_of(model), before)


def test_another_shape_is_named(path):
    save_weights(make_model(0), path)
    refuse(
        path,
        r"'kernel' of Dense 'dense_\d+' \('layers/dense_1/vars/0'\): "
        r"expected \(4, 7\) float32, found \(4, 3\) float32",
        make_model(1, units=7),
    )


def test_a_missing_weight_is_named(path):
    model = make_model(0)
    del model.layers[4].named_weights["bias"]
    save_weights(model, path)
    refuse(path, r"'bias' of Dense 'dense_\d+': expected at 'layers/dense_1/vars/1'")


def test_a_weight_too_many_is_named(path):
    model = make_model(0)
    model.layers.append(Dense(kernel=zeros(2)))
    save_weights(model, path)
    refuse(
        path, "1 weights that this model does not have, such as 'layers/dense_2/vars/0'"
    )


def test_an_optimizer_that_does_not_fit_leaves_the_weights_alone(path):
    saved, loaded = make_model(0), make_model(1)
    saved.optimizer, loaded.optimizer = optimizer_of(saved, 5), optimizer_of(loaded, 9)
    save_weights(saved, path)
    with h5py.File(path, "a") as file:
        del file["optimizer/vars/3"]
        file["optimizer/vars/3"] = zeros(1)
    refuse(path, "'optimizer/vars/3'.* expected .* found", loaded)
    assert loaded.optimizer.state["iterations"] == 9


@pytest.mark.parametrize(
    ("place", "value"), [("0", np.int64(-1)), ("1", np.float32("nan"))]
)
def test_an_optimizer_s_impossible_numbers_are_refused(path, place, value):
    model = make_model(0)
    model.optimizer = optimizer_of(model, 5)
    save_weights(model, path)
    with h5py.File(path, "a") as file:
        file[f"optimizer/vars/{place}"][()] = value
    other = make_model(1)
    other.optimizer = optimizer_of(other, 9)
    refuse(path, "of at least 0, found", other)


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n" + bytes(40)])
def test_what_is_no_hdf5_file_is_refused(path, content):
    path.write_bytes(content)
    refuse(path, "damaged, or no HDF5 file")


def test_every_truncation_is_refused(path):
    save_weights(make_model(0), path)
    content = path.read_bytes()
    for length in range(0, len(content), 997):
        path.write_bytes(content[:length])
        refuse(path, "damaged, or no HDF5 file")


def test_nothing_and_a_folder_are_refused(path):
    refuse(path, "no such file")
    path.mkdir()
    refuse(path, "expected a file")


# Files made to do harm


def replace_first_bias(path: Path, tmp_path: Path, kind: str) -> None:
    place, value = "layers/conv2d/vars/1", np.full(2, 666, "float32")
    with h5py.File(tmp_path / "elsewhere.h5", "w") as other:
        other["secret"] = value
    (tmp_path / "raw").write_bytes(value.tobytes())
    with h5py.File(path, "a") as file:
        del file[place]
        if kind == "external link":
            file[place] = h5py.ExternalLink("elsewhere.h5", "secret")
        elif kind == "soft link":
            file["secret"] = value
            file[place] = h5py.SoftLink("/secret")
        elif kind == "external data":
            file.create_dataset(
                place, (2,), "float32", external=[(str(tmp_path / "raw"), 0, 8)]
            )
        elif kind == "virtual":
            virtual = h5py.VirtualLayout((2,), "float32")
            source = h5py.VirtualSource(tmp_path / "elsewhere.h5", "secret", (2,))
            virtual[:] = source
            file.create_virtual_dataset(place, virtual)
        elif kind == "compressed":
            file.create_dataset(place, data=value, compression="gzip")
        elif kind == "text":
            file[place] = ["a", "b"]
        elif kind == "group":
            file.create_group(place)
        elif kind == "empty":
            file[place] = h5py.Empty("float32")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("external link", "found nothing there"),
        ("soft link", "found nothing there"),
        ("group", "found nothing there"),
        ("external data", "kept in another file"),
        ("virtual", "virtual"),
        ("compressed", "compressed"),
        ("text", r"expected \(2,\) float32, found \(2,\) object"),
        ("empty", r"expected \(2,\) float32, found"),
    ],
)
def test_nothing_but_plain_numbers_is_read(path, tmp_path, kind, message):
    save_weights(make_model(0), path)
    replace_first_bias(path, tmp_path, kind)
    refuse(path, message)


@pytest.mark.parametrize("seed", range(5))
def test_a_flipped_bit_in_an_array_is_noticed(path, seed):
    model, rng = make_model(0), np.random.default_rng(seed)
    save_weights(model, path)
    whole = path.read_bytes()
    for weight in weights_of(model):
        changed, at = bytearray(whole), whole.find(weight.tobytes())
        assert at > 0
        changed[at + rng.integers(weight.nbytes)] ^= 1 << rng.integers(8)
        path.write_bytes(changed)
        refuse(path, "damaged")


def test_an_external_link_in_place_of_all_layers_is_not_followed(path, tmp_path):
    save_weights(make_model(0), tmp_path / "good.weights.h5")
    with h5py.File(path, "w") as file:
        file["layers"] = h5py.ExternalLink("good.weights.h5", "layers")
    refuse(path, "found nothing there")


# Saving


def test_without_h5py_the_extra_is_named_before_anything_is_written(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    for action in (save_weights, load_weights):
        with pytest.raises(ImportError, match=r"pip install 'scratchnet\[h5\]'"):
            action(make_model(0), path)
    assert os.listdir(path.parent) == []
