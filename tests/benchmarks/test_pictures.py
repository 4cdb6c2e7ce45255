"""Pictures and tables of the results that are there say what they should."""

from __future__ import annotations

from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.container import BarContainer, ErrorbarContainer

from benchmarks import epoch, kernels, memory, scaling, startup, train_step
from benchmarks.harness import results

README = (results.FOLDER.parent / "README.md").read_text(encoding="utf-8")


def result(name: str) -> dict[str, Any]:
    return results.read(results.FOLDER / f"{name}.json")


@pytest.mark.parametrize("module", [train_step, epoch, scaling, startup, memory])
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


def test_scaling_shows_its_spread() -> None:
    seconds = {"median": 0.002, "q1": 0.001, "q3": 0.004}
    point = {"x": 8, "batch_size": 4, "seconds_per_step": seconds}
    point |= {"flop_per_step": 2e6, "gflops": 1.0}
    document = {"rounds": 7, "sweeps": {"channels": {"what": "W", "points": [point]}}}
    table = " ".join(scaling.as_table(document).split())
    assert "| 8 | 2.00 [1.00, 4.00] | 500 | 1.0 [0.5, 2.0] |" in table
    figure = scaling.picture(document)
    (bars,) = containers(figure.axes[0], BarContainer)
    (whisker,) = bars.errorbar.lines[2][0].get_segments()
    assert [y for _, y in whisker] == pytest.approx([0.5, 2.0])
    assert "whiskers: quartiles" in figure.get_suptitle()


def test_labels_below_the_sweeps_do_not_overlap() -> None:
    figure = scaling.picture(result("scaling"))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    labels = [axes.get_xticklabels() for axes in figure.axes]
    assert [len(found) for found in labels] == [9, 8, 13, 2]
    for found in labels:
        extents = [label.get_window_extent(canvas.get_renderer()) for label in found]
        assert all(left.x1 < right.x0 for left, right in pairwise(extents))


def test_no_bar_stands_on_a_logarithmic_axis() -> None:
    figure = train_step.picture(result("train_step"))
    assert "whiskers: quartiles" in figure.get_suptitle()
    for axes in figure.axes:
        assert axes.get_yscale() == "log"
        assert containers(axes, BarContainer) == []
        assert len(containers(axes, ErrorbarContainer)) == 6


def test_kernels_can_be_found_by_their_numbers() -> None:
    document = result("kernels")
    figure = kernels.picture(document)
    sections = kernels.as_table(document).split("\n## ")[1:]
    assert len(sections) == len(figure.axes)
    for section, axes in zip(sections, figure.axes, strict=True):
        rows = [line.split("|")[1].strip() for line in section.splitlines()[2:] if line]
        assert rows[0] == "#"
        assert rows[2:] == [label.get_text() for label in axes.get_xticklabels()]
        names = [text.get_text() for text in axes.get_legend().get_texts()]
        assert ("sgemm" in names) is ("GFLOP/s" in section.splitlines()[0])
