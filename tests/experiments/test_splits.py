from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments import protocol, splits

HOLDOUT = replace(protocol.DIGITS, name="holdout")


def rows(x: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in x}


def test_the_notebook_protocol_validates_on_the_test_set():
    samples = splits.load("digits", protocol.DIGITS, 0)
    assert samples.validation is samples.test
    assert samples.training[0].shape == (1442, 28, 28, 1)
    assert samples.training[0].dtype == np.uint8
    assert samples.test[1].shape == (355,)


def test_hold_out_takes_its_part_of_every_class():
    y = np.repeat(np.arange(4), [10, 20, 40, 30])
    (_, kept), (_, held) = splits.hold_out((np.arange(100), y), 0.1, seed=0)
    assert np.bincount(held).tolist() == [1, 2, 4, 3]
    assert np.bincount(kept).tolist() == [9, 18, 36, 27]


def test_hold_out_loses_and_repeats_nothing_and_keeps_pairs_together():
    x = np.random.default_rng(0).permutation(100)
    y = x % 5
    (kept_x, kept_y), (held_x, held_y) = splits.hold_out((x, y), 0.2, seed=1)
    assert sorted([*kept_x, *held_x]) == list(range(100))
    assert np.array_equal(kept_x % 5, kept_y)
    assert np.array_equal(held_x % 5, held_y)


def test_hold_out_depends_on_the_seed_alone():
    x = np.arange(100)
    y = x % 5
    one, same, other = (splits.hold_out((x, y), 0.2, seed=s)[1][0] for s in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_holdout_protocol_never_touches_the_test_set():
    plain = splits.load("digits", protocol.DIGITS, 0)
    held = splits.load("digits", HOLDOUT, 0)
    assert held.test[0].tobytes() == plain.test[0].tobytes()
    assert len(held.training[0]) + len(held.validation[0]) == len(plain.training[0])
    assert len(held.validation[0]) == pytest.approx(0.1 * 1442, abs=1)
    together = rows(held.training[0]) | rows(held.validation[0])
    assert together == rows(plain.training[0])


def test_labels_of_shape_n_1_are_made_flat(monkeypatch):
    from scratchnet import datasets

    x = np.zeros((4, 32, 32, 3), np.uint8)
    y = np.arange(4)[:, None]
    monkeypatch.setattr(
        type(datasets.get("cifar100")), "load_data", lambda self: ((x, y), (x, y))
    )
    samples = splits.load("cifar100", protocol.STUDY, 0)
    assert samples.training[1].tolist() == [0, 1, 2, 3]
    assert len(samples.class_names) == 100
