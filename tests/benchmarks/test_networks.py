from __future__ import annotations

import numpy as np
import pytest

import scratchnet
from benchmarks.networks import (
    CASES,
    arithmetic,
    describe,
    sequential,
    without_dropout,
)
from scratchnet import architectures


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
    assert found.inference == 2 * (first + others)
    assert found.training == 2 * (2 * first + 3 * others)


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


@pytest.mark.parametrize("name", ["fashion_deeper_cnn", "cifar100_ann"])
def test_torch_models_compute_the_same(name: str) -> None:
    pytest.importorskip("torch")
    from benchmarks.libraries.scratchnet_side import ScratchNet
    from benchmarks.libraries.torch_side import Torch

    case = CASES[name]
    ours, theirs = ScratchNet(1), Torch(1)
    ours.build("m", case.image_shape, case.network())
    theirs.build("m", case.image_shape, case.network(), ours.weights("m"))
    x = np.random.default_rng(0).random((4, *case.image_shape), dtype="float32")
    np.testing.assert_allclose(
        ours.outputs("m", x), theirs.outputs("m", x), rtol=1e-4, atol=1e-6
    )
