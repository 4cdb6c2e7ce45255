"""Every benchmark leaves alone what an earlier run measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks import epoch, kernels, memory, scaling, startup, train_step
from benchmarks.harness import results
from benchmarks.kernel_cases import KernelCase, kernel_cases

pytestmark = pytest.mark.usefixtures("alone")

OF_MODELS = {"train_step": train_step, "epoch": epoch}


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Return what runs a benchmark with made-up measurements.

    It takes a module and the words of a command line, and returns the JSON.
    """

    def made_up(*_: Any) -> dict[str, Any]:
        return {"rounds": 1}

    def kernel(case: KernelCase, *_: Any) -> dict[str, Any]:
        seconds = {"median": 1.0, "q1": 1.0, "q3": 1.0}
        rungs = {"loops": {"seconds": seconds, "speed": 2.0}}
        return {
            **{"kind": case.kind, "label": case.label, "unit": "GB/s"},
            "sgemm_gflops": 1.0,
            "operations": dict.fromkeys(case.operations, rungs),
        }

    class NoWorker:
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def __enter__(self) -> NoWorker:
            return self

        def __exit__(self, *_: Any) -> None:
            pass

        def call(self, method: str, *_: Any) -> Any:
            return {} if method == "operations" else 1.0

    for module in (train_step, epoch, scaling):
        monkeypatch.setattr(module, "measure", made_up)
        monkeypatch.setattr(module, "picture", lambda document: None)
        monkeypatch.setattr(module, "as_table", lambda document: "")
    monkeypatch.setattr(kernels, "measure", kernel)
    monkeypatch.setattr(kernels, "Worker", NoWorker)

    def run(module: ModuleType, *words: str) -> dict[str, Any]:
        where = ["--out", str(tmp_path), "--threads", "1"]
        assert module.main([*where, *words]) == 0
        (path,) = tmp_path.glob("*.json")
        return read(path)

    return run


@pytest.mark.parametrize("name", OF_MODELS)
def test_other_models_are_kept(
    name: str, run: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    module = OF_MODELS[name]
    models = ("--models", "fashion_ann,cifar100_ann")
    first = run(module, *models)["machine"]["date"]
    path = tmp_path / f"{name}.json"
    document = read(path)
    document["machine"]["date"] = "long ago"
    for case in document["cases"].values():
        case["date"] = "long ago"
    path.write_text(json.dumps(document), encoding="utf-8")
    cases = run(module, "--models", "cifar100_ann")["cases"]
    assert list(cases) == ["fashion_ann", "cifar100_ann"]
    assert cases["fashion_ann"]["date"] == "long ago"
    assert cases["cifar100_ann"]["date"] >= first


@pytest.mark.parametrize(
    ("name", "otherwise"),
    [
        ("train_step", ("--rounds", "30")),
        ("epoch", ("--rounds", "30")),
        ("epoch", ("--epochs-per-round", "5")),
        ("train_step", ("--quick",)),
    ],
)
def test_measured_otherwise_they_are_not_written_over(
    name: str,
    otherwise: tuple[str, ...],
    run: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    module = OF_MODELS[name]
    run(module, "--models", "fashion_ann,cifar100_ann")
    before = (tmp_path / f"{name}.json").read_bytes()
    words = ("--models", "fashion_ann", *otherwise)
    with pytest.raises(results.ResultsError, match=f"{name}.json.*--replace"):
        run(module, *words)
    assert (tmp_path / f"{name}.json").read_bytes() == before
    assert list(run(module, *words, "--replace")["cases"]) == ["fashion_ann"]


def test_a_run_that_ends_early_keeps_what_it_did_not_come_to(
    run: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = ("--models", "fashion_ann,cifar100_ann")
    run(train_step, *models)
    found = iter([{"rounds": 2}])
    monkeypatch.setattr(train_step, "measure", lambda *_: next(found))
    with pytest.raises(StopIteration):
        run(train_step, *models)
    cases = read(tmp_path / "train_step.json")["cases"]
    assert {name: case["rounds"] for name, case in cases.items()} == {
        "fashion_ann": 2,
        "cifar100_ann": 1,
    }


def test_kernels_of_other_kinds_and_models_are_kept(
    run: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    cases = run(kernels)["cases"]
    labels = [(case.kind, case.label) for case in kernel_cases()]
    assert [(case["kind"], case["label"]) for case in cases] == labels
    path = tmp_path / "kernels.json"
    document = read(path)
    document["machine"] |= {"date": "1999-01-01", "commit": "then"}
    for case in document["cases"]:
        del case["date"], case["commit"]  # as those had none that were measured first
    path.write_text(json.dumps(document), encoding="utf-8")
    cases = run(kernels, "--kinds", "dense", "--models", "fashion_ann")["cases"]
    assert [(case["kind"], case["label"]) for case in cases] == labels
    new = [case for case in cases if case["date"] != "1999-01-01"]
    assert [case["label"] for case in new] == [
        case.label for case in kernel_cases(["fashion_ann"]) if case.kind == "dense"
    ]
    ladder = (tmp_path / "ladder.md").read_text(encoding="utf-8")
    assert "## Gather" in ladder
    assert "1999-01-01, scratchnet then and " in ladder


def test_kernels_measured_otherwise_are_not_written_over(
    run: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    run(kernels)
    with pytest.raises(results.ResultsError, match=r"sgemm_size 2048 there"):
        run(kernels, "--kinds", "dense", "--quick", "--rounds", "5")


def test_sweeps_are_replaced_one_by_one(
    run: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(run(scaling)["sweeps"]) == 4
    found = iter([{"rounds": 2}])
    monkeypatch.setattr(scaling, "measure", lambda *_: next(found))
    with pytest.raises(StopIteration):
        run(scaling)
    sweeps = read(tmp_path / "scaling.json")["sweeps"]
    assert [sweep["rounds"] for sweep in sweeps.values()] == [2, 1, 1, 1]


@pytest.mark.parametrize(("module", "name"), [(memory, "memory"), (startup, "startup")])
def test_results_of_one_run_are_checked_before_it_begins(
    module: ModuleType, name: str, tmp_path: Path
) -> None:
    path = tmp_path / f"{name}.json"
    path.write_text('{"machine": {}}', encoding="utf-8")
    with pytest.raises(results.ResultsError, match="cpu None there"):
        module.main(["--quick", "--out", str(tmp_path)])
    assert path.read_text(encoding="utf-8") == '{"machine": {}}'
