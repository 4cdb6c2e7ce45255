"""Named random streams."""

import json

import numpy as np

from scratchnet.foundation import random


def test_streams_of_one_seed_repeat():
    random.reset(4)
    first = {name: random.stream(name).random(5) for name in random.STREAMS}
    random.reset(4)
    for name in reversed(random.STREAMS):
        assert np.array_equal(random.stream(name).random(5), first[name])


def test_streams_do_not_depend_on_each_other():
    random.reset(4)
    expected = random.stream("shuffling").random(5)
    random.reset(4)
    random.stream("dropout").random(1000)
    random.stream("initialisation").random(1000)
    assert np.array_equal(random.stream("shuffling").random(5), expected)


def test_streams_and_seeds_differ():
    seen = set()
    for seed in (0, 1, 2**32 - 1):
        random.reset(seed)
        seen |= {random.stream(name).random() for name in random.STREAMS}
    assert len(seen) == 3 * len(random.STREAMS)


def test_without_a_seed_every_start_is_another():
    random.reset(None)
    first = random.stream("dropout").random()
    random.reset(None)
    assert random.stream("dropout").random() != first


def test_state_is_plain_data_and_carries_on():
    random.reset(7)
    random.stream("shuffling").random(3)
    state = json.loads(json.dumps(random.get_state()))
    expected = {name: random.stream(name).random(4) for name in random.STREAMS}
    random.reset(8)
    random.set_state(state)
    for name in random.STREAMS:
        assert np.array_equal(random.stream(name).random(4), expected[name])
