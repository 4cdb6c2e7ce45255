from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

from benchmarks import kernels
from benchmarks.kernel_cases import OPERATIONS_OF, arguments, kernel_cases
from benchmarks.kernels import KernelLadder
from scratchnet.kernels import OPERATIONS
from tests.benchmarks.conftest import is_summary, read


def test_every_operation_is_measured() -> None:
    measured = {name for case in kernel_cases() for name in case.operations}
    assert set(OPERATIONS) - measured == set(), "add them to benchmarks/kernel_cases.py"


@pytest.mark.parametrize("kind", OPERATIONS_OF)
def test_arguments_serve_every_operation_of_their_kind(kind: str) -> None:
    smallest = min(
        (case for case in kernel_cases() if case.kind == kind),
        key=lambda case: case.size,
    )
    values = arguments(kind, smallest.shapes)
    for name in set(OPERATIONS_OF[kind]) & set(OPERATIONS):
        rung = OPERATIONS[name].rungs["reference"]
        assert set(inspect.signature(rung).parameters) <= set(values)


def test_no_input_gradient_where_no_model_asks_for_one() -> None:
    cases = [case for case in kernel_cases() if case.kind == "convolution"]
    assert len(cases) == 6
    for case in cases:
        images = case.shapes["x"][-1] in (1, 3)
        assert ("convolution_backward_input" in case.operations) is not images


def test_arithmetic_of_a_convolution() -> None:
    case = next(c for c in kernel_cases() if c.shapes.get("x") == (64, 13, 13, 32))
    assert case.flop == 2 * 64 * 11 * 11 * 64 * 3 * 3 * 32


def test_arithmetic_of_a_pooled_convolution_is_that_of_its_passes() -> None:
    shape = (64, 13, 13, 32)
    cases = [case for case in kernel_cases() if case.kind == "pooled_convolution"]
    case = next(case for case in cases if case.shapes["x"] == shape)
    one = 2 * 64 * 11 * 11 * 64 * 3 * 3 * 32
    assert case.flop_of("pooled_convolution_forward") == one
    assert case.flop_of("pooled_convolution_backward") == 2 * one
    first = next(case for case in cases if case.first)
    assert first.flop_of("normalised_convolution_backward") == first.flop


@pytest.mark.parametrize("kind", ["pooled_convolution", "pooling"])
def test_pooled_rungs_agree_on_their_arguments(kind: str) -> None:
    for dx in ({}, {"dx": (2, 8, 8, 9)}):
        shapes = {"x": (2, 8, 8, 9), "weight": (3, 3, 9, 8), "y": (2, 6, 6, 8), **dx}
        if kind == "pooling":
            shapes = {"x": (2, 6, 6, 8), "y": (2, 3, 3, 8)}
        KernelLadder(1).prepare(kind, shapes, OPERATIONS_OF[kind])


def test_quick_run_measures_every_rung_and_writes_the_ladder(tmp_path: Path) -> None:
    words = ["--quick", "--threads", "1", "--models", "cifar100_ann"]
    words += ["--kinds", "dense,gather", "--out", str(tmp_path)]
    assert kernels.main(words) == 0
    document = read(tmp_path, "kernels", picture=False)
    ladder = (tmp_path / "ladder.md").read_text(encoding="utf-8")
    seen = set()
    for case in document["cases"]:
        for name, entries in case["operations"].items():
            seen.add(name)
            assert list(entries) == list(OPERATIONS[name].rungs)
            assert f"`{name}`" in ladder
            for entry in entries.values():
                assert is_summary(entry["seconds"], rounds=2)
                assert entry["speed"] > 0
    assert seen == {*OPERATIONS_OF["dense"], *OPERATIONS_OF["gather"]}
    assert kernels.main([*words, "--kinds", "gather"]) == 0
    again = read(tmp_path, "kernels", picture=False)["cases"]
    before = {case["label"]: case for case in document["cases"]}
    assert [case["label"] for case in again] == list(before)
    kept = [case["kind"] for case in again if case == before[case["label"]]]
    assert set(kept) == {"dense"}, "those of another kind are left alone"


def test_a_rung_that_computes_something_else_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(
        x: np.ndarray, weight: np.ndarray, bias: np.ndarray, y: np.ndarray
    ) -> None:
        y[...] = x @ weight

    operation = OPERATIONS["dense_forward"]
    monkeypatch.setattr(operation, "rungs", {**operation.rungs, "direct": wrong})
    shapes = {"x": (4, 5), "weight": (5, 3), "y": (4, 3)}
    with pytest.raises(AssertionError, match="wrong: y is not the reference's"):
        KernelLadder(1).prepare("dense", shapes, ("dense_forward",))
