from __future__ import annotations

import numpy as np

from experiments.report import choices

LABELS = np.array([0, 1, 0, 1, 0, 1])
PROBABILITIES = np.array(
    [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.01, 0.99], [0.52, 0.48], [0.95, 0.05]]
)


def test_spread_goes_from_the_first_to_the_last_and_repeats_none():
    found = choices.spread(np.arange(1000), 100)
    assert (found[0], found[-1], len(set(found.tolist()))) == (0, 999, 100)
    assert choices.spread(np.arange(3), 100).tolist() == [0, 1, 2]
    assert choices.spread(np.arange(0)).tolist() == []


def test_samples_are_ten_of_each_of_a_few_classes():
    labels = np.arange(300) % 20
    chosen = choices.samples(labels, 20)
    assert np.array_equal(labels[chosen], np.repeat(np.arange(20), 10))


def test_samples_are_one_of_each_of_many_classes():
    chosen = choices.samples(np.arange(400) % 200, 200)
    assert len(chosen) == 100
    assert (chosen[0], chosen[-1]) == (0, 199)


def test_a_class_without_images_has_no_samples():
    assert choices.samples(np.array([2, 2, 0]), 3).tolist() == [2, 0, 1]


def test_confident_mistakes_are_wrong_and_the_surest_first():
    assert choices.confident_mistakes(LABELS, PROBABILITIES).tolist() == [5, 1, 2]
    assert choices.confident_mistakes(LABELS, PROBABILITIES, 1).tolist() == [5]


def test_telling_images_are_sure_right_undecided_and_sure_wrong():
    assert choices.telling(LABELS, PROBABILITIES, 1).tolist() == [3, 4, 5]
    assert choices.telling(LABELS, PROBABILITIES, 99).tolist()[:3] == [3, 0, 4]
    assert sorted(choices.telling(LABELS, PROBABILITIES, 99)) == list(range(6))


def test_one_class_is_enough():
    assert choices.telling(np.zeros(3, int), np.ones((3, 1))).tolist() == [0, 1]
