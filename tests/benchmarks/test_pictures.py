"""Pictures and tables of the results that are there say what they should."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from matplotlib.container import BarContainer, ErrorbarContainer

from benchmarks import epoch, kernels, memory, startup, train_step
from benchmarks.harness import results

README = (results.FOLDER.parent / "README.md").read_text(encoding="utf-8")


def result(name: str) -> dict[str, Any]:
    return results.read(results.FOLDER / f"{name}.json")


@pytest.mark.parametrize("module", [train_step, epoch, startup, memory])
def test_tables_in_the_readme_are_those_of_the_results(module: ModuleType) -> None:
    name = module.__name__.removeprefix("benchmarks.")
    table = module.as_table(result(name))
    assert table in README, f"paste what `python -m benchmarks.{name} --redraw` prints"


@pytest.mark.parametrize(
    "folder", sorted(path.parent.name for path in results.FOLDER.glob("*/*.json"))
)
def test_tables_of_other_processors_are_those_of_their_results(folder: str) -> None:
    table = train_step.as_table(result(f"{folder}/train_step"))
    command = "python -m benchmarks.train_step --redraw --out"
    assert table in README, f"{command} benchmarks/results/{folder}"


def test_the_ladders_tables_are_those_of_the_results() -> None:
    there = (results.FOLDER / "ladder.md").read_text(encoding="utf-8")
    assert there == kernels.as_table(result("kernels"))


def test_what_the_readme_says_of_dense_and_blas_is_in_the_results() -> None:
    ratios = [
        rungs["direct"]["speed"] / rungs["blas"]["speed"]
        for case in result("kernels")["cases"]
        for rungs in case["operations"].values()
        if case["kind"] == "dense"
    ]
    slower = sum(ratio < 1 for ratio in ratios)
    said = f"{slower} of {len(ratios)} rows", f"{min(ratios):.2f} to {max(ratios):.2f}"
    (row,) = (line for line in README.splitlines() if "transposed by registers" in line)
    assert all(part in row and README.count(part) == 2 for part in said)


def test_what_the_readme_says_of_a_step_is_in_the_results() -> None:
    found = result("train_step")["cases"]["cifar100_ann"]["activities"]["training_64"]
    median = found["libraries"]["scratchnet"]["seconds_per_step"]["median"]
    said = f"Of the {median * 1e3:.2f} ms of a training step on CIFAR-100"
    assert said in " ".join(README.split())


def containers(axes: Any, kind: type) -> list[Any]:
    return [found for found in axes.containers if isinstance(found, kind)]


def test_no_bar_stands_on_a_logarithmic_axis() -> None:
    figure = train_step.picture(result("train_step"))
    assert "whiskers: quartiles" in figure.get_suptitle()
    for axes in figure.axes:
        assert axes.get_yscale() == "log"
        assert containers(axes, BarContainer) == []
        assert len(containers(axes, ErrorbarContainer)) == 6
