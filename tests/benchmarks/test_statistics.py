from __future__ import annotations

import numpy as np
import pytest

from benchmarks.harness import statistics
from benchmarks.harness.statistics import ratio_to_fastest, summary


def test_summary_of_known_values() -> None:
    found = summary([7.0, 1.0, 3.0, 5.0])
    assert found == {"median": 4.0, "q1": 2.5, "q3": 5.5, "iqr": 3.0, "n": 4}


def test_ratio_is_that_of_the_medians_to_the_fastest_peer() -> None:
    own = [1.0, 2.0, 3.0]
    peers = {"slow": [9.0, 9.0, 9.0], "fast": [3.0, 5.0, 40.0]}
    found = ratio_to_fastest(own, peers)
    assert found.peer == "fast"
    assert found.ratio == 5.0 / 2.0
    assert found.low <= found.ratio <= found.high


def test_without_spread_the_interval_is_the_ratio() -> None:
    found = ratio_to_fastest([2.0] * 5, {"a": [3.0] * 5})
    assert (found.ratio, found.low, found.high) == (1.5, 1.5, 1.5)


def test_what_slows_a_round_down_for_all_does_not_widen_the_interval() -> None:
    slow_down = np.random.default_rng(0).uniform(1, 3, 41)
    together = ratio_to_fastest(list(slow_down), {"a": list(2 * slow_down)})
    assert (together.low, together.high) == (2.0, 2.0)
    apart = ratio_to_fastest(list(slow_down), {"a": list(2 * slow_down[::-1])})
    assert apart.high - apart.low > 0.1


def test_interval_covers_the_true_ratio_as_often_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statistics, "RESAMPLES", 1000)
    rng = np.random.default_rng(0)
    covered, trials, rounds = 0, 100, 25
    for _ in range(trials):
        own = rng.lognormal(0, 0.2, rounds)
        peer = 2 * rng.lognormal(0, 0.2, rounds)
        found = ratio_to_fastest(list(own), {"a": list(peer)})
        covered += found.low <= 2 <= found.high
    # 95 of 100 with a standard deviation of 2.2; the bootstrap of a median is a
    # little off 95 % itself, by 2 or 3 at 25 rounds.
    assert 85 <= covered <= 100


def test_choosing_among_equal_peers_makes_the_interval_lower() -> None:
    rng = np.random.default_rng(0)
    own = list(np.ones(25))
    peers = {str(n): list(rng.lognormal(0, 0.3, 25)) for n in range(6)}
    fastest = ratio_to_fastest(own, peers).peer
    among_all = ratio_to_fastest(own, peers)
    by_itself = ratio_to_fastest(own, {fastest: peers[fastest]})
    assert among_all.ratio == by_itself.ratio
    assert among_all.low <= by_itself.low
    assert among_all.high < by_itself.high


@pytest.mark.parametrize(
    ("own", "peers"),
    [([], {"a": []}), ([1.0], {}), ([1.0, 2.0], {"a": [1.0]})],
)
def test_rounds_must_be_there_and_match(
    own: list[float], peers: dict[str, list[float]]
) -> None:
    with pytest.raises(ValueError, match="as many rounds"):
        ratio_to_fastest(own, peers)
