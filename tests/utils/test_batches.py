"""The data set of `utils.batches`: each method, and what it costs."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet import layers
from scratchnet.utils.batches import INFINITE, UNKNOWN, Dataset


def numbers(count=10, made=None):
    """Return a data set of (i, 10·i), and note in ``made`` what is asked for."""

    def make():
        for i in range(count):
            if made is not None:
                made.append(i)
            yield np.float32([i]), np.int64(10 * i)

    return Dataset(make, count)


def firsts(data):
    return [x.ravel().tolist() for x, _ in data]


def test_it_can_be_gone_through_again_and_makes_nothing_before():
    made = []
    data = numbers(3, made).map(lambda x, y: (x + 1, y)).batch(2)
    assert not made and len(data) == 2
    assert firsts(data) == firsts(data) == [[1, 2], [3]]
    assert made == [0, 1, 2] * 2
    x, y = next(iter(data))
    assert isinstance(x.numpy(), np.ndarray)
    assert x[0].numpy().dtype == np.float32
    assert y.tolist() == [0, 10]
    assert [type(x) for x, _ in data.as_numpy_iterator()] == [np.ndarray] * 2
    assert data.element_spec == (((2, 1), np.float32), ((2,), np.int64))


def test_parts_of_it():
    data = numbers(10)
    assert firsts(data.take(2)) == [[0], [1]] and len(data.take(20)) == 10
    assert firsts(data.skip(8)) == [[8], [9]] and len(data.skip(20)) == 0
    assert len(data.take(-1)) == 10
    assert firsts(data.batch(4, drop_remainder=True)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert firsts(data.batch(4).unbatch()) == firsts(data)
    assert firsts(data.filter(lambda x, y: y >= 80)) == [[8], [9]]
    assert firsts(data.take(1).concatenate(data.skip(9))) == [[0], [9]]
    assert [int(i) for i, _ in data.enumerate(5).take(2)] == [5, 6]
    assert [int(y) for _, y in data.repeat().skip(9).take(3)] == [90, 0, 10]


def test_how_many_there_are():
    data = numbers(10)
    assert [len(d) for d in (data, data.batch(3), data.repeat(2))] == [10, 4, 20]
    assert data.repeat().cardinality() == INFINITE
    assert data.unbatch().cardinality() == UNKNOWN
    for unknown in (data.repeat(), data.filter(lambda x, y: True)):
        with pytest.raises(TypeError, match="number of elements is not known"):
            len(unknown)


def test_a_cache_makes_each_element_once_if_it_was_gone_through():
    made = []
    data = numbers(3, made).cache()
    assert firsts(data.take(2)) == [[0], [1]]  # not to the end
    assert firsts(data) == firsts(data) == [[0], [1], [2]]
    assert made == [0, 1, 0, 1, 2]
    with pytest.raises(NotImplementedError, match="leave it out"):
        data.cache("file")


def test_prefetch_keeps_the_order_and_raises_where_the_error_comes():
    def fails(x, y):
        if x[0] == 2:
            raise ZeroDivisionError("here")
        return x, y

    assert firsts(numbers(5).prefetch(-1)) == firsts(numbers(5))
    items = iter(numbers(5).map(fails).prefetch(2))
    assert [int(next(items)[1]) for _ in range(2)] == [0, 10]
    with pytest.raises(ZeroDivisionError, match="here"):
        next(items)


def test_shuffled_orders():
    data = numbers(40)
    shuffled = data.shuffle(40, seed=1)
    first, second = firsts(shuffled), firsts(shuffled)
    assert sorted(first) == sorted(second) == firsts(data)
    assert first != second != firsts(data)
    assert firsts(data.shuffle(40, seed=1)) == first
    assert firsts(data.shuffle(40, seed=2)) != first
    fixed = data.shuffle(40, seed=1, reshuffle_each_iteration=False)
    assert firsts(fixed) == firsts(fixed) == first
    # With a small buffer nothing comes much before its turn.
    near = [x for (x,) in firsts(data.shuffle(4, seed=1))]
    assert all(x <= at + 3 for at, x in enumerate(near))


def test_layers_are_mapped_over_batches():
    images = Dataset(lambda: iter([np.ones((4, 6, 6, 1)), np.ones((2, 6, 6, 1))]), 2)
    moved = images.map(
        lambda x: layers.Rescaling(2.0)(layers.RandomFlip()(x, training=True))
    )
    assert [x.shape for x in moved] == [(4, 6, 6, 1), (2, 6, 6, 1)]
    assert all(np.all(x == 2) for x in moved)


def test_what_tf_data_has_beyond_is_refused_by_name():
    with pytest.raises(AttributeError, match="'interleave' is outside scratchnet's"):
        numbers().interleave(None)
    with pytest.raises(ValueError, match="positive integer for batch_size"):
        numbers().batch(0)
