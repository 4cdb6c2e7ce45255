"""From arrays of any kind to batches in the model's dtype."""

import itertools
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.foundation import random
from scratchnet.models import arrays
from scratchnet.models.batches import Samples
from scratchnet.models.epochs import Epochs


def samples(x, y=None, weights=None, dtype=np.float32, **settings):
    return Samples("fit", x, y, weights, dtype=np.dtype(dtype), **settings)


def copied(stream):
    """Return what a stream of batches yields, which is overwritten batch by batch."""
    return [(x_of(b).copy(), None if b.y is None else b.y.copy()) for b in stream]


def x_of(batch):
    return batch.take()[0]


IMAGES = np.random.default_rng(0).integers(0, 256, (11, 4, 3, 2))


def kinds(folder):
    """Return the same samples, kept in eleven ways."""
    file = np.memmap(folder / "x", np.uint8, "w+", shape=IMAGES.shape)
    file[...] = IMAGES
    file.flush()
    wide = np.zeros((22, 4, 3, 2), np.float32)
    wide[::2] = IMAGES
    frozen = IMAGES.astype(np.float32)
    frozen.setflags(write=False)
    return {
        "float32": IMAGES.astype(np.float32),
        "float64": IMAGES.astype(np.float64),
        "float16": IMAGES.astype(np.float16),
        "uint8": IMAGES.astype(np.uint8),
        "int64": IMAGES,
        "other byte order": IMAGES.astype(">i4"),
        "list": IMAGES.tolist(),
        "Fortran order": np.asfortranarray(IMAGES.astype(np.float32)),
        "every second": wide[::2],
        "read-only": frozen,
        "memory map": np.memmap(folder / "x", np.uint8, "r", shape=IMAGES.shape),
    }


KINDS = (
    "float32",
    "float64",
    "float16",
    "uint8",
    "int64",
    "other byte order",
    "list",
    "Fortran order",
    "every second",
    "read-only",
    "memory map",
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_gives_the_same_batches(tmp_path, kind):
    source = samples(kinds(tmp_path)[kind])
    indices = np.array([10, 0, 3, 3])
    taken = x_of(source.at(indices))
    assert taken.dtype == np.float32
    assert taken.flags.c_contiguous
    assert np.array_equal(taken, IMAGES[indices])
    assert np.array_equal(x_of(source.span(8, 99)), IMAGES[8:])


@settings(deadline=None, derandomize=True, max_examples=30)
@given(n=st.integers(1, 30), size=st.integers(1, 35), steps=st.integers(1, 9))
def test_every_sample_comes_once_in_order(n, size, steps):
    x = np.arange(n, dtype=np.float32)[:, None]
    source = samples(x, np.arange(n))
    seen = copied(source.items(size))
    assert len(seen) == source.count(size) == -(-n // size)
    assert np.array_equal(np.concatenate([x for x, _ in seen]), x)
    # Epochs of so many steps: the same batches, cut at the samples' end.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "warn", lambda *_, **__: None)
        epochs, lengths = Epochs(source, size, steps), []
        joined = []
        while sum(lengths) < len(seen):
            epoch = copied(epochs.epoch())
            lengths.append(len(epoch))
            joined += epoch
    assert sum(lengths) == len(seen)
    assert all(length == steps for length in lengths[:-1])
    for (x1, y1), (x2, y2) in zip(joined, seen, strict=True):
        assert np.array_equal(x1, x2)
        assert np.array_equal(y1, y2)


def test_shuffling_goes_through_all_samples_anew_each_epoch():
    random.reset(1)
    x = np.arange(20, dtype=np.float32)[:, None]
    source = samples(x, np.arange(20), np.arange(20) / 2)
    epochs, orders = Epochs(source, 6, None, True), []
    for _ in range(3):
        order = []
        for batch in epochs.epoch():
            assert np.array_equal(x_of(batch)[:, 0], batch.y)
            assert np.array_equal(batch.sample_weight, batch.y / 2)
            order += batch.y.tolist()
        assert sorted(order) == list(range(20))
        orders.append(order)
    assert orders[0] != orders[1] != orders[2]
    random.reset(1)
    again = [batch.y.tolist() for batch in Epochs(source, 6, None, True).epoch()]
    assert list(itertools.chain(*again)) == orders[0]


def test_a_short_epoch_is_announced():
    epochs = Epochs(samples(np.zeros((5, 1))), 2, 2)
    assert len(list(epochs.epoch())) == 2
    with pytest.warns(UserWarning, match="fit: .* ran out of data after 1 of 2 steps"):
        assert len(list(epochs.epoch())) == 1
    assert len(list(epochs.epoch())) == 2


def test_parts_are_views():
    x = np.arange(12.0).reshape(6, 2)
    part = samples(x, x[:, 0], x[:, 1]).part(4, 6)
    assert np.shares_memory(part.x, x)
    assert np.array_equal(x_of(part.span(0, 2)), x[4:])
    assert np.array_equal(part.y, [8, 10])
    assert np.array_equal(part.sample_weight, [9, 11])


def test_nothing_is_copied_whole(tmp_path):
    shape = (4000, 64, 16)  # 4 MiB as uint8, 16 MiB as float32
    file = np.memmap(tmp_path / "x", np.uint8, "w+", shape=shape)
    source, rng = samples(file), np.random.default_rng(0)
    for _ in source.items(50, rng):  # compiles
        break
    tracemalloc.start()
    for batch in source.items(50, rng):
        assert len(x_of(batch)) == 50
    for batch in source.items(50):
        assert len(x_of(batch)) == 50
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Two batches in float32, one in the making, and the order of 4,000 samples.
    assert peak < 3 * 50 * 64 * 16 * 4


@pytest.mark.parametrize("kind", ["float32", "float64", "Fortran order"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_named(tmp_path, kind, wrong):
    x = kinds(tmp_path)[kind].copy(order="K")
    x[9, 2, 1, 1] = wrong
    source = samples(x)
    message = rf"fit: expected finite x in float32, received {wrong} at index \(9, 2, 1"
    for look in (
        source.check_finite,
        lambda: source.span(8, 11).take(),
        lambda: source.at(np.array([3, 9])).take(),
    ):
        with pytest.raises(ValueError, match=message):
            look()
    source.span(0, 9).take()


def test_numbers_too_large_for_the_models_dtype_are_named():
    source = samples(np.array([[1.0], [1e39]]))
    with pytest.raises(
        ValueError, match=r"finite x in float32, received 1e\+39 at ind"
    ):
        source.check_finite()
    samples(np.array([[1.0], [1e39]]), dtype=np.float64).check_finite()


def test_rank_is_fitted_as_keras_fits_it():
    image = np.zeros((3, 4, 5))
    assert samples(image, input_shape=(None, 4, 5, 1)).x.shape == (3, 4, 5, 1)
    column = np.zeros((3, 4, 1))
    assert samples(column, input_shape=(None, 4)).x.shape == (3, 4)
    assert samples(np.zeros(3), input_shape=(None, 1)).x.shape == (3, 1)
    assert samples(np.zeros(3)).x.shape == (3, 1)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((0, 4)), r"at least one sample in x, received shape \(0, 4\)"),
        ([], "at least one sample"),
        (np.float64(3), r"at least one sample in x, received shape \(\)"),
        (np.zeros((2, 5)), r"x of shape \(N, 4\), received \(2, 5\)"),
        (np.zeros((2, 4, 4)), r"x of shape \(N, 4\), received \(2, 4, 4\)"),
    ],
)
def test_shapes_that_do_not_fit(x, message):
    with pytest.raises(ValueError, match=f"fit: expected {message}"):
        samples(x, input_shape=(None, 4))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "expected an array for x, received None"),
        (
            (i for i in range(3)),
            "expected an array for x, received <generator .*; fit, ",
        ),
        (iter([1, 2]), "expected an array for x, received <list_iterator"),
        (np.zeros, "expected an array for x, received <"),
        ("text", "array of numbers for x, received dtype <U4"),
        ([["a"]], "array of numbers for x, received dtype <U1"),
        (np.ones((2, 2)) * 1j, "array of numbers for x, received dtype complex128"),
        ([[1, 2], [3]], "nested sequences of different lengths"),
        ({"a": 1, "b": 2}, "array of numbers for x, received dtype object"),
        (np.array(["2020-01-01"], "M8[D]"), r"received dtype datetime64\[D\]"),
    ],
)
def test_what_is_no_array_of_numbers(value, message):
    with pytest.raises(TypeError, match=f"fit: expected .*{message.split(' ', 1)[1]}"):
        arrays.as_numbers("fit", "x", value)


@pytest.mark.parametrize(
    ("y", "weights", "message"),
    [
        (
            np.zeros(3),
            None,
            r"as many targets as inputs, received x of shape \(2, 4\) an",
        ),
        (np.zeros(2), np.zeros(3), "a finite sample_weight for each of 2 samples"),
        (np.zeros(2), [1, np.nan], "a finite sample_weight for each of 2 samples"),
    ],
)
def test_targets_and_weights_that_do_not_fit(y, weights, message):
    with pytest.raises(ValueError, match=message):
        samples(np.zeros((2, 4)), y, weights)


def test_weights_may_be_a_column():
    source = samples(np.zeros((2, 4)), np.zeros(2), [[1], [2]])
    assert np.array_equal(source.span(0, 2).sample_weight, [1, 2])
