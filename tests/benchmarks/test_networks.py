from __future__ import annotations

import pytest

import scratchnet
from benchmarks.harness import peers
from benchmarks.harness.libraries import LIBRARIES
from benchmarks.harness.networks import (
    CASES,
    arithmetic,
    describe,
    sequential,
    without_dropout,
)
from scratchnet.models import architectures


def test_the_six_models_are_those_of_the_study() -> None:
    assert len(CASES) == 6
    for case in CASES.values():
        made = architectures.ALL[case.model](case.image_shape, case.classes)
        again = sequential(scratchnet, case.image_shape, case.network())
        assert describe(again) == describe(made) == case.network()
        assert again.count_params() == made.count_params()


def test_arithmetic_of_the_basic_cnn_by_hand() -> None:
    case = CASES["fashion_basic_cnn"]
    first = 26 * 26 * 32 * 3 * 3 * 1
    others = 11 * 11 * 64 * 3 * 3 * 32 + 5 * 5 * 64 * 64 + 64 * 10
    found = arithmetic(case.image_shape, case.network())
    assert found["inference"] == 2 * (first + others)
    assert found["training"] == 2 * (2 * first + 3 * others)


def test_without_dropout_nothing_else_changes() -> None:
    network = CASES["cifar100_deeper_cnn"].network()
    changed = without_dropout(network)
    assert [kind for kind, _ in changed] == [kind for kind, _ in network]
    for (kind, before), (_, after) in zip(network, changed, strict=True):
        if kind == "Dropout":
            assert before["rate"] > 0
            assert after == {"rate": 0.0}
        else:
            assert after == before


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in LIBRARIES if name != peers.OWN])
def test_peers_build_the_same_models(name: str) -> None:
    libraries, missing = peers.installed([name])
    if missing:
        pytest.skip("needs the extra `reference`")
    case = CASES["fashion_deeper_cnn"]
    with peers.Peers(libraries, threads=1) as several:
        weights = peers.initial_weights(several, case)
        checked = peers.cross_check(several, case, weights, 16)
    assert list(checked) == ["scratchnet", name]
