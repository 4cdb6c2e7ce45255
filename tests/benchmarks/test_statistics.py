from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.harness import statistics
from benchmarks.harness.statistics import against_fastest, summary


def ratio(own: list[float], peers: dict[str, list[float]]) -> dict[str, Any]:
    found = against_fastest({**peers, "own": own}, "own")
    assert found is not None
    return found


def test_summary_of_known_values() -> None:
    found = summary([7.0, 1.0, 3.0, 5.0])
    assert found == {"median": 4.0, "q1": 2.5, "q3": 5.5, "iqr": 3.0, "n": 4}


def test_ratio_is_that_of_the_medians_to_the_fastest_peer() -> None:
    own = [1.0, 2.0, 3.0]
    peers = {"slow": [9.0, 9.0, 9.0], "fast": [3.0, 5.0, 40.0]}
    found = ratio(own, peers)
    assert found["peer"] == "fast"
    assert found["ratio"] == 5.0 / 2.0
    assert found["low"] <= found["ratio"] <= found["high"]


def test_without_spread_the_interval_is_the_ratio() -> None:
    found = ratio([2.0] * 5, {"a": [3.0] * 5})
    assert (found["ratio"], found["low"], found["high"]) == (1.5, 1.5, 1.5)
    assert found["text"] == "1.50x a [1.50, 1.50]"


def test_without_peers_there_is_nothing_to_compare() -> None:
    assert against_fastest({"own": [1.0]}, "own") is None


def test_what_slows_a_round_down_for_all_does_not_widen_the_interval() -> None:
    slow_down = np.random.default_rng(0).uniform(1, 3, 41)
    together = ratio(list(slow_down), {"a": list(2 * slow_down)})
    assert (together["low"], together["high"]) == (2.0, 2.0)
    apart = ratio(list(slow_down), {"a": list(2 * slow_down[::-1])})
    assert apart["high"] - apart["low"] > 0.1


def test_interval_covers_the_true_ratio_as_often_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statistics, "RESAMPLES", 1000)
    rng = np.random.default_rng(0)
    covered, trials, rounds = 0, 100, 25
    for _ in range(trials):
        own = rng.lognormal(0, 0.2, rounds)
        peer = 2 * rng.lognormal(0, 0.2, rounds)
        found = ratio(list(own), {"a": list(peer)})
        covered += found["low"] <= 2 <= found["high"]
    # 95 of 100 with a standard deviation of 2.2; the bootstrap of a median is a
    # little off 95 % itself, by 2 or 3 at 25 rounds.
    assert 85 <= covered <= 100


def test_choosing_among_equal_peers_makes_the_interval_lower() -> None:
    rng = np.random.default_rng(0)
    own = list(np.ones(25))
    peers = {str(n): list(rng.lognormal(0, 0.3, 25)) for n in range(6)}
    fastest = ratio(own, peers)["peer"]
    among_all = ratio(own, peers)
    by_itself = ratio(own, {fastest: peers[fastest]})
    assert among_all["ratio"] == by_itself["ratio"]
    assert among_all["low"] <= by_itself["low"]
    assert among_all["high"] < by_itself["high"]
