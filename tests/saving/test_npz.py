from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_ins import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    StandInModel,
    make_model,
    same_weights,
    weights_of,
)

from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import load_weights, npz, save_weights


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.weights.npz"


@settings(max_examples=60, deadline=None)
@given(
    shapes=st.lists(
        st.lists(st.integers(0, 5), max_size=4).map(tuple), min_size=0, max_size=4
    ),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_shape_comes_back_to_the_bit(tmp_path_factory, shapes, dtype, seed):
    path = tmp_path_factory.mktemp("any") / "a.npz"
    rng = np.random.default_rng(seed)
    values = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    names = [f"weight_{i}" for i in range(len(values))]
    saved = StandInModel([Dense(**dict(zip(names, values, strict=True)))])
    zeros = [np.zeros(shape, dtype) for shape in shapes]
    loaded = StandInModel([Dense(**dict(zip(names, zeros, strict=True)))])
    save_weights(saved, path)
    load_weights(loaded, path)
    assert same_weights(weights_of(loaded), values)
    with np.load(path, allow_pickle=False) as arrays:
        for name, value in zip(names, values, strict=True):
            assert same_weights([arrays[f"dense/{name}"]], [value])


def test_numpy_alone_reads_the_file(path):
    model = make_model(0)
    save_weights(model, path)
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays.files == [
            "metadata.json",
            "conv2d/kernel",
            "conv2d/bias",
            "batch_normalization/gamma",
            "batch_normalization/beta",
            "batch_normalization/moving_mean",
            "batch_normalization/moving_variance",
            "dense/kernel",
            "dense/bias",
            "dense_1/kernel",
            "dense_1/bias",
        ]
        read = [arrays[name] for name in arrays.files[1:]]
        metadata = json.loads(arrays["metadata.json"])
    assert same_weights(read, weights_of(model))
    assert metadata["format_version"] == 1
    assert metadata["model"] == model.get_config()
    assert metadata["layers"][3] == {
        "key": "dense",
        "class": "Dense",
        "name": model.layers[3].name,
        "weights": [
            {"name": "kernel", "shape": [8, 4], "dtype": "float32"},
            {"name": "bias", "shape": [4], "dtype": "float32"},
        ],
    }


def test_the_archive_is_sound_and_nothing_in_it_is_compressed(path):
    save_weights(make_model(0), path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        kinds = {member.compress_type for member in archive.infolist()}
    assert kinds == {zipfile.ZIP_STORED}


def test_a_configuration_that_json_cannot_hold_is_left_out(path):
    model = make_model(0)
    model.get_config = lambda: {"function": print}
    save_weights(model, path)
    load_weights(make_model(1), path)
    with np.load(path) as arrays:
        assert json.loads(arrays["metadata.json"])["model"] is None


def refuse(model: StandInModel, path: Path, message: str) -> None:
    before = weights_of(model)
    with pytest.raises(CheckpointError, match=message):
        load_weights(model, path)
    assert same_weights(weights_of(model), before)


def test_another_kind_of_layer_is_named(path):
    save_weights(make_model(0), path)
    other = make_model(1)
    other.layers[2] = Dropout()
    refuse(
        other, path, r"layer 2 is Flatten 'flatten_\d+', and this model's is Dropout"
    )


def test_another_order_of_layers_is_named(path):
    save_weights(make_model(0), path)
    other = make_model(1)
    other.layers[1:3] = other.layers[2:0:-1]
    refuse(other, path, "layer 1 is BatchNormalization .* this model's is Flatten")


def test_another_number_of_layers_is_named(path):
    save_weights(make_model(0), path)
    other = make_model(1)
    del other.layers[-1]
    refuse(other, path, "it has 5 layers, and this model has 4")
    other = make_model(1)
    other.layers.append(Dropout())
    refuse(other, path, "it has 5 layers, and this model has 6")


def test_another_shape_is_named(path):
    save_weights(make_model(0), path)
    refuse(
        make_model(1, units=7),
        path,
        r"Dense 'dense_\d+' \(layer 4\): expected weights kernel \(4, 7\) float32, "
        r"bias \(7,\) float32, found kernel \(4, 3\) float32, bias \(3,\) float32",
    )


def test_another_weight_is_named(path):
    save_weights(make_model(0), path)
    other = make_model(1)
    del other.layers[4].named_weights["bias"]
    refuse(other, path, "expected weights kernel .*, found kernel .*, bias")


def test_a_much_larger_model_s_file_is_not_even_read(path):
    big = StandInModel([Dense(kernel=np.zeros((2000, 300), "float32"))])
    save_weights(big, path)
    small = StandInModel([Dense(kernel=np.zeros((2, 3), "float32"))])
    refuse(small, path, "holds 24.* bytes, and this model's weights take")


def test_a_file_of_numpy_s_own_is_refused(path):
    np.savez(path, kernel=np.zeros(3))
    refuse(make_model(0), path, "not written by scratchnet")


def test_a_weight_of_another_kind_of_number_is_refused(path):
    model = StandInModel([Dense(kernel=np.zeros(3, "int32"))])
    with pytest.raises(
        ValueError, match=r"expected weight 'kernel' to be .*int64, rec"
    ):
        save_weights(model, path)
    assert not path.exists()


def test_class_names_that_would_collide_are_refused(path):
    class Dense_1(Dense):  # noqa: N801
        pass

    model = StandInModel([Dense(), Dense(), Dense_1()])
    with pytest.raises(
        ValueError, match="two layers would both be stored as 'dense_1'"
    ):
        save_weights(model, path)


def test_a_description_beyond_the_limit_is_refused_at_save(path):
    model = make_model(0)
    model.get_config = lambda: {"name": "x" * npz.METADATA_LIMIT}
    with pytest.raises(CheckpointError, match="description of the model takes"):
        save_weights(model, path)
    assert not path.exists()


def test_a_model_without_layers_or_weights_has_a_file_too(path):
    for layers in ([], [Flatten()]):
        save_weights(StandInModel(layers), path)
        load_weights(StandInModel(layers), path)
    refuse(StandInModel([]), path, "it has 1 layers, and this model has 0")


def test_many_layers_of_one_class_keep_their_order(path):
    def make(seed: int) -> StandInModel:
        rng = np.random.default_rng(seed)
        kinds = [Conv2D, Dense, BatchNormalization] * 15
        return StandInModel(
            [kind(kernel=rng.standard_normal(2).astype("float32")) for kind in kinds]
        )

    saved, loaded = make(0), make(1)
    save_weights(saved, path)
    load_weights(loaded, path)
    assert same_weights(weights_of(loaded), weights_of(saved))
