"""Pictures and tables of the results that are there say what they should."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.container import BarContainer, ErrorbarContainer

from benchmarks import kernels, redraw, scaling, train_step
from benchmarks.harness import results

README = (results.FOLDER.parent / "README.md").read_text(encoding="utf-8")


def result(name: str) -> dict[str, Any]:
    return results.read(results.FOLDER / f"{name}.json")


@pytest.mark.parametrize("name", sorted(set(redraw.MODULES) - {"kernels"}))
def test_tables_in_the_readme_are_those_of_the_results(name: str) -> None:
    if (results.FOLDER / f"{name}.json").is_file():
        table = redraw.MODULES[name].as_table(result(name))
        assert table in README, "paste what `python -m benchmarks.redraw` prints"


@pytest.mark.parametrize(
    "path", sorted(results.FOLDER.glob("*/*.json")), ids=lambda path: path.parent.name
)
def test_tables_of_other_processors_are_those_of_their_results(path: Path) -> None:
    table = redraw.MODULES[path.stem].as_table(results.read(path))
    assert table in README, f"python -m benchmarks.redraw --out {path.parent}"


def test_the_ladders_tables_are_those_of_the_results() -> None:
    there = (results.FOLDER / "ladder.md").read_text(encoding="utf-8")
    assert there == kernels.as_markdown(result("kernels"))


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


def test_redrawing_measures_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (results.FOLDER / "memory.json").read_text(encoding="utf-8")
    (tmp_path / "memory.json").write_text(text, encoding="utf-8")
    assert redraw.main(["--out", str(tmp_path)]) == 0
    assert (tmp_path / "memory.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert "share of Keras's peak" in capsys.readouterr().out
    assert json.loads((tmp_path / "memory.json").read_text()) == json.loads(text)


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
    (bars,) = containers(figure.axes[0], ErrorbarContainer)
    (whisker,) = bars.lines[2][0].get_segments()
    assert [y for _, y in whisker] == pytest.approx([0.5, 2.0])
    assert "whiskers: quartiles" in figure.get_suptitle()


def test_labels_below_the_sweeps_do_not_overlap() -> None:
    figure = scaling.picture(result("scaling"))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    labels = {
        axes: [label for label in axes.get_xticklabels() if label.get_text()]
        for axes in figure.axes
    }
    assert [len(found) for found in labels.values()] == [9, 8, 13, 2]
    for found in labels.values():
        rows: dict[int, list[Any]] = {}
        for label in found:
            extent = label.get_window_extent(canvas.get_renderer())
            rows.setdefault(label.get_text().count("\n"), []).append(extent)
        for extents in rows.values():
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
    sections = kernels.as_markdown(document).split("\n## ")[1:]
    assert len(sections) == len(figure.axes)
    for section, axes in zip(sections, figure.axes, strict=True):
        rows = [line.split("|")[1].strip() for line in section.splitlines()[2:] if line]
        assert rows[0] == "#"
        assert rows[2:] == [label.get_text() for label in axes.get_xticklabels()]
        names = [text.get_text() for text in axes.get_legend().get_texts()]
        assert ("sgemm" in names) is ("GFLOP/s" in section.splitlines()[0])
