"""Taking turns: what is timed, how long a turn is, and in which order turns come."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

Run = Callable[[int], Any]
"""Takes so many steps, and returns when the last one is done."""

REST = 0.15
"""Seconds between turns, for the threads of whoever was last to fall asleep: OpenBLAS's
look for work for 0.11 s, and take a core from whoever is next."""


class Turns:
    """What a worker times: activities by name, each a `Run`.

    Args:
        threads: of the worker; what reads its environment knows them already.
    """

    def __init__(self, threads: int) -> None:
        """Start without any."""
        self._runs: dict[str, Run] = {}
        self._steps: dict[str, int] = {}

    def add(self, name: str, run: Run) -> None:
        """Add an activity."""
        self._runs[name] = run

    def drop(self) -> None:
        """Forget all activities."""
        self._runs.clear()
        self._steps.clear()

    def warm_up(self, name: str, seconds: float, turn: float) -> dict[str, Any]:
        """Run an activity until it is warm, and choose the steps in a turn.

        The first step may compile; then steps are doubled until ``seconds`` are over.

        Args:
            name: the activity.
            seconds: how long to go on after the first step.
            turn: how long a turn should be.

        Returns:
            ``first_step`` and ``all`` in seconds, ``steps_per_turn``.
        """
        run = self._runs[name]
        first = timed(run, 1)
        steps, last = 1, timed(run, 1)
        total = last
        while total < seconds:
            steps *= 2
            last = timed(run, steps)
            total += last
        in_a_turn = max(1, math.ceil(steps * turn / last))
        self._steps[name] = in_a_turn
        return {"first_step": first, "all": first + total, "steps_per_turn": in_a_turn}

    def turn(self, name: str) -> float:
        """Take one turn, and return the seconds per step.

        The first steps are not counted: others have been in the caches since.
        """
        run, steps = self._runs[name], self._steps[name]
        run(max(1, steps // 10))
        return timed(run, steps) / steps


def timed(run: Run, steps: int) -> float:
    """Return how long so many steps take, in seconds."""
    started = time.perf_counter()
    run(steps)
    return time.perf_counter() - started


def interleaved(
    turns: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Let everybody take a turn, A B C …, and that for so many rounds.

    Whatever drifts, such as the clock of a warm processor or the work of neighbours,
    then hits all alike.

    Returns:
        Name → the times of its turns.
    """
    times: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(rounds):
        for name, turn in turns.items():
            time.sleep(REST)
            times[name].append(turn())
    return times
