"""From folders of runs to figures and pages in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.report import figures, pages
from experiments.report.confusion import Superclasses
from experiments.report.drawing import draw_all
from experiments.report.finished import FinishedRun, ImageFinder, Images, read
from experiments.report.group import groups_of
from scratchnet.foundation.errors import CheckpointError
from scratchnet.runs.run import FIGURES, PAGE, Run
from scratchnet.saving import atomic_write


def find_runs(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the folders of runs in a folder, or the folder itself if it is one.

    Raises:
        CheckpointError: there is none.
    """
    found = sorted(path.parent for path in Path(folder).rglob("run.json"))
    if not found:
        raise CheckpointError(
            f"{folder}: there is no run in it; `python -m experiments run` makes some"
        )
    return found


def write_run(
    folder: str | os.PathLike[str],
    *,
    images: Images | None = None,
    superclasses: Superclasses | None = None,
    shown: Sequence[int] = (),
) -> Path:
    """Write the figures and the page of a run, of any model and any data set.

    Args:
        folder: the run's.
        images: what it was tested on; without them, the data set is looked for under
            its name, and if it can't be found, the page says so.
        superclasses: groups of classes; those of CIFAR-100 are known.
        shown: test images for the bars of the most probable classes, as indices.

    Returns:
        The page's path.

    Raises:
        CheckpointError: the run is not complete or damaged, an index is not that of a
            test image, or a file can't be written.
        UnavailableError: jinja2 is not installed.
    """
    run = read(Run.open(folder))
    if superclasses is not None:
        run = replace(run, superclasses=superclasses)
    run = ImageFinder().add(run) if images is None else run.with_images(images)
    return _write_run(run, shown).page


def write_study(
    folder: str | os.PathLike[str],
    *,
    shown: Sequence[int] = (),
    say: Callable[[str], Any] | None = None,
) -> Path:
    """Write the figures and the pages of runs, and those of all of them together.

    Args:
        folder: with the runs in it; the study's page goes there.
        shown: test images for the bars of the most probable classes, as indices.
        say: is told each page that was written.

    Returns:
        The study's page.

    Raises:
        CheckpointError: there is no complete run, or a file can't be written.
        UnavailableError: jinja2 is not installed.
    """
    folder = Path(folder)
    finder, written, left_out = ImageFinder(), [], []
    for path in find_runs(folder):
        try:
            found = read(Run.open(path))
        except CheckpointError as error:
            left_out.append((str(path), str(error)))
            continue
        run = _write_run(finder.add(found), shown)
        # The images were drawn, and those of a whole study need not be kept.
        written.append(replace(run, images=None))
        if say is not None:
            say(str(run.page))
    if not written:
        reasons = "; ".join(why for _, why in left_out)
        raise CheckpointError(f"{folder}: there is no complete run in it: {reasons}")
    groups = groups_of(written)
    drawings = [drawing for group in groups for drawing in figures.of_group(group)]
    drawn = draw_all(drawings, folder / FIGURES)
    page = pages.study_page(groups, drawn, left_out, folder)
    _write_page(folder / PAGE, page)
    return folder / PAGE


def _write_run(run: FinishedRun, shown: Sequence[int]) -> FinishedRun:
    """Write the figures and the page of a run; return it with its figures."""
    beyond = [index for index in shown if not 0 <= index < len(run.labels)]
    if beyond:
        raise CheckpointError(
            f"{run.run.folder}: expected test images of 0 to "
            f"{len(run.labels) - 1}, received {beyond[0]}"
        )
    pages.environment()  # before all the drawing: an error where jinja2 is missing
    drawn = draw_all(figures.of_run(run, shown), run.run.path(FIGURES))
    run = replace(run, drawings=drawn)
    _write_page(run.page, pages.run_page(run))
    return run


def _write_page(path: Path, text: str) -> None:
    with atomic_write(path, text=True) as file:
        file.write(text)
