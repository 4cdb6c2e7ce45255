"""What holds of weights in any format."""

from __future__ import annotations

import os

import numpy as np
import pytest
from stand_ins import Dense, StandInModel, make_model, same_weights, weights_of

from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import load_weights, save_weights
from tests.faults import Faults

every_format = pytest.mark.parametrize("name", ["a.npz", "a.weights.h5", "a.h5"])


@every_format
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_come_back_to_the_bit(tmp_path, name, dtype):
    saved, loaded = make_model(0, dtype), make_model(1, dtype)
    assert not same_weights(weights_of(loaded), weights_of(saved))
    save_weights(saved, tmp_path / name)
    load_weights(loaded, tmp_path / name)
    assert same_weights(weights_of(loaded), weights_of(saved))
    assert os.listdir(tmp_path) == [name]


@every_format
def test_equal_weights_give_equal_files(tmp_path, name):
    model, path = make_model(0), tmp_path / name
    save_weights(model, path)
    first = path.read_bytes()
    save_weights(model, path)
    assert path.read_bytes() == first


@every_format
def test_weights_that_are_not_contiguous_come_back(tmp_path, name):
    kernel = np.arange(12, dtype="float32").reshape(3, 4)
    save_weights(StandInModel([Dense(kernel=kernel.T)]), tmp_path / name)
    loaded = StandInModel([Dense(kernel=np.zeros((4, 3), "float32"))])
    load_weights(loaded, tmp_path / name)
    np.testing.assert_array_equal(loaded.layers[0].named_weights["kernel"], kernel.T)


@every_format
@pytest.mark.parametrize(
    ("saved", "model"), [("float32", "float64"), ("float64", "float32")]
)
def test_another_dtype_is_named(tmp_path, name, saved, model):
    save_weights(make_model(0, saved), tmp_path / name)
    other = make_model(1, model)
    before = weights_of(other)
    with pytest.raises(
        CheckpointError, match=rf"expected .* {model}.* found .*{saved}"
    ):
        load_weights(other, tmp_path / name)
    assert same_weights(weights_of(other), before)


@every_format
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused_unless_asked_for(tmp_path, name, bad):
    path, model = tmp_path / name, make_model(0)
    save_weights(model, path)
    good = path.read_bytes()
    model.layers[3].named_weights["bias"][2] = bad
    with pytest.raises(
        CheckpointError, match=r"'bias' of Dense 'dense_\d+' holds 1 values of 4"
    ):
        save_weights(model, path)
    assert path.read_bytes() == good
    assert os.listdir(tmp_path) == [name]
    save_weights(model, path, allow_non_finite=True)
    loaded = make_model(1)
    load_weights(loaded, path)
    assert same_weights(weights_of(loaded), weights_of(model))


@every_format
def test_a_fault_at_any_call_of_a_save_leaves_old_or_new_weights(tmp_path, name):
    path = tmp_path / name
    old, new = make_model(0), make_model(1)
    with Faults() as faults:
        save_weights(old, path)
    for k in range(len(faults.calls)):
        save_weights(old, path)
        with Faults(fail_at=k, error=OSError(28, "No space left on device")) as broken:
            with pytest.raises(CheckpointError, match="free some space"):
                save_weights(new, path)
        loaded = make_model(2)
        load_weights(loaded, path)
        expected = new if "replace" in broken.calls[:k] else old
        assert same_weights(weights_of(loaded), weights_of(expected))
        assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a", "a.npy", "a.NPZ", "npz"])
@pytest.mark.parametrize("action", [save_weights, load_weights])
def test_another_ending_is_refused_with_both_that_work(tmp_path, name, action):
    with pytest.raises(ValueError, match=r"in \.weights\.h5 .* or \.npz .* received"):
        action(make_model(0), tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_weights_alone_are_not_saved_as_a_whole_model(tmp_path):
    with pytest.raises(ValueError, match=r"in \.weights\.h5 .* or \.npz .* received"):
        save_weights(make_model(0), tmp_path / "a.keras")


@every_format
def test_paths_may_be_strings_or_path_objects(tmp_path, name):
    save_weights(make_model(0), str(tmp_path / name))
    model = make_model(1)
    load_weights(model, tmp_path / name)
    assert same_weights(weights_of(model), weights_of(make_model(0)))


@every_format
def test_a_name_without_a_folder_means_the_current_one(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_weights(make_model(0), name)
    load_weights(make_model(1), name)
    assert os.listdir(tmp_path) == [name]


@every_format
def test_an_existing_file_is_kept_unless_it_may_be_overwritten(tmp_path, name):
    path = tmp_path / name
    save_weights(make_model(0), path, overwrite=False)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="there already; pass overwrite=True"):
        save_weights(make_model(1), path, overwrite=False)
    assert path.read_bytes() == before
    save_weights(make_model(1), path)
    assert path.read_bytes() != before


@every_format
@pytest.mark.parametrize("action", [save_weights, load_weights])
def test_a_model_without_weights_yet_is_told_how_to_get_them(tmp_path, name, action):
    model = make_model(0)
    model.built = False
    with pytest.raises(ValueError, match="give its first layer an input_shape"):
        action(model, tmp_path / name)
    assert os.listdir(tmp_path) == []


@every_format
def test_weights_are_written_into_the_arrays_that_the_model_has(tmp_path, name):
    save_weights(make_model(0), tmp_path / name)
    model = make_model(1)
    kernel = model.layers[0].named_weights["kernel"]
    load_weights(model, tmp_path / name)
    expected = make_model(0).layers[0].named_weights["kernel"]
    assert same_weights([kernel], [expected])
