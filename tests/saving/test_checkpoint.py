from __future__ import annotations

import os

import pytest
from stand_ins import make_model, same_weights, weights_of

from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import load_weights, save_weights


@pytest.mark.parametrize("name", ["a", "a.npy", "a.NPZ", "npz", "a.hdf5"])
@pytest.mark.parametrize("action", [save_weights, load_weights])
def test_another_ending_is_refused_with_both_that_work(tmp_path, name, action):
    with pytest.raises(ValueError, match=r"in \.weights\.h5 .* or \.npz .* received"):
        action(make_model(0), tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_weights_alone_are_not_saved_as_a_whole_model(tmp_path):
    with pytest.raises(ValueError, match=r"in \.weights\.h5 .* or \.npz .* received"):
        save_weights(make_model(0), tmp_path / "a.keras")


@pytest.mark.parametrize("name", ["a.npz", "a.weights.h5"])
def test_paths_may_be_strings_or_path_objects(tmp_path, name):
    save_weights(make_model(0), str(tmp_path / name))
    model = make_model(1)
    load_weights(model, tmp_path / name)
    assert same_weights(weights_of(model), weights_of(make_model(0)))


@pytest.mark.parametrize("name", ["a.npz", "a.weights.h5"])
def test_a_name_without_a_folder_means_the_current_one(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_weights(make_model(0), name)
    load_weights(make_model(1), name)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a.npz", "a.weights.h5"])
def test_an_existing_file_is_kept_unless_it_may_be_overwritten(tmp_path, name):
    path = tmp_path / name
    save_weights(make_model(0), path, overwrite=False)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="there already; pass overwrite=True"):
        save_weights(make_model(1), path, overwrite=False)
    assert path.read_bytes() == before
    save_weights(make_model(1), path)
    assert path.read_bytes() != before


@pytest.mark.parametrize("name", ["a.npz", "a.weights.h5"])
@pytest.mark.parametrize("action", [save_weights, load_weights])
def test_a_model_without_weights_yet_is_told_how_to_get_them(tmp_path, name, action):
    model = make_model(0)
    model.built = False
    with pytest.raises(ValueError, match="give its first layer an input_shape"):
        action(model, tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["a.npz", "a.weights.h5"])
def test_weights_are_written_into_the_arrays_that_the_model_has(tmp_path, name):
    save_weights(make_model(0), tmp_path / name)
    model = make_model(1)
    kernel = model.layers[0].named_weights["kernel"]
    load_weights(model, tmp_path / name)
    expected = make_model(0).layers[0].named_weights["kernel"]
    assert same_weights([kernel], [expected])
