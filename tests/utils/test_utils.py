"""to_categorical, set_random_seed, clear_session."""

import random as python_random

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import utils
from scratchnet.foundation import random
from tests.keras.golden import compare


def test_one_hot_rows_are_those_of_keras():
    compare.assert_agree("to_categorical", 0)


def test_labels_of_every_kind_of_number():
    for dtype in ("uint8", "int64", "float32", "bool"):
        rows = utils.to_categorical(np.array([0, 1], dtype))
        assert np.array_equal(rows, np.eye(2))
    assert utils.to_categorical([]).shape == (0, 0)


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([0, 3], 3, "expected labels from 0 to 2, received 3"),
        ([0, -1], 3, "expected labels from 0 to 2, received -1"),
        ([-1], None, "received -1"),
        ([0.5], None, "expected integers"),
        ([np.nan], None, "expected integers"),
        ([np.inf], None, "expected integers"),
        (["a"], None, "expected integers"),
        ([1j], None, "expected integers"),
        ([1], 2.0, r"positive integer for num_classes, received 2\.0"),
        ([1], -2, "positive integer for num_classes, received -2"),
    ],
)
def test_bad_labels(labels, classes, message):
    with pytest.raises(ValueError, match=f"to_categorical: .*{message}"):
        utils.to_categorical(labels, classes)


def draws():
    return (
        python_random.random(),
        np.random.random(),  # noqa: NPY002 - the generator that Keras seeds too
        *(random.stream(name).random() for name in random.STREAMS),
    )


def test_seed_resets_every_generator():
    utils.set_random_seed(11)
    first = draws()
    utils.set_random_seed(np.int64(11))
    assert draws() == first
    utils.set_random_seed(12)
    assert all(a != b for a, b in zip(draws(), first, strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "1", True, None])
def test_bad_seeds(seed):
    with pytest.raises(ValueError, match="set_random_seed: expected an integer from"):
        utils.set_random_seed(seed)


def test_clear_session_numbers_names_from_the_start():
    utils.clear_session()
    names = [keras.layers.Dense(1).name for _ in range(3)]
    assert names == ["dense", "dense_1", "dense_2"]
    assert keras.Sequential().name == "sequential"
    utils.clear_session()
    assert keras.layers.Dense(1).name == "dense"


def test_memory_is_freed_or_refused():
    utils.clear_session(free_memory=True)
    with pytest.raises(NotImplementedError, match="clear_session: free_memory=False"):
        utils.clear_session(False)
