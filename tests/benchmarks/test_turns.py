from __future__ import annotations

import time

import pytest

from benchmarks.harness import turns
from benchmarks.harness.turns import Turns, interleaved


def test_everybody_takes_a_turn_in_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "REST", 0)
    taken: list[str] = []

    def turn(name: str) -> float:
        taken.append(name)
        return float(len(taken))

    times = interleaved({name: lambda name=name: turn(name) for name in "abc"}, 3)
    assert "".join(taken) == "abcabcabc"
    assert times == {"a": [1.0, 4.0, 7.0], "b": [2.0, 5.0, 8.0], "c": [3.0, 6.0, 9.0]}


def test_a_turn_is_as_long_as_it_should_be_and_timed_per_step() -> None:
    steps: list[int] = []

    def run(count: int) -> None:
        steps.append(count)
        time.sleep(0.002 * count)

    timed = Turns(1)
    timed.add("nap", run)
    warm = timed.warm_up("nap", seconds=0.02, turn=0.05)
    assert warm["first_step"] >= 0.002
    assert warm["all"] >= sum(steps) * 0.002
    # A step takes 2 ms, or more where the machine is busy: at most 25 steps.
    assert 1 <= warm["steps_per_turn"] <= 25
    steps.clear()
    assert timed.turn("nap") >= 0.002
    assert steps[-1] == warm["steps_per_turn"]
    assert len(steps) == 2, "the first steps of a turn are not counted"
