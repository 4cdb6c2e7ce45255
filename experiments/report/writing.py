"""From folders of runs to figures and pages in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.report import interactive
from experiments.report.confusion import Superclasses
from experiments.report.drawing import draw_all
from experiments.report.group import Group, Reported, in_order
from experiments.report.run_drawings import drawings as run_drawings
from experiments.report.run_page import run_page
from experiments.report.study_page import drawings, study_page
from experiments.report.subject import ImageFinder, Images, Subject, read
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
    """
    subject = read(Run.open(folder))
    if superclasses is not None:
        subject = replace(subject, superclasses=superclasses)
    subject = (
        ImageFinder().add(subject) if images is None else subject.with_images(images)
    )
    return _write_run(subject, shown).page


def write_study(
    folder: str | os.PathLike[str],
    runs: Iterable[str | os.PathLike[str]] | None = None,
    *,
    shown: Sequence[int] = (),
    say: Callable[[str], Any] = lambda text: None,
) -> Path:
    """Write the figures and the pages of runs, and those of all of them together.

    Args:
        folder: where the study's page goes.
        runs: the folders of the runs; all that are in ``folder`` if left out.
        shown: test images for the bars of the most probable classes, as indices.
        say: is told each page that was written.

    Returns:
        The study's page.

    Raises:
        CheckpointError: there is no complete run, or a file can't be written.
    """
    folder = Path(folder)
    finder, reported, left_out = ImageFinder(), [], []
    for path in find_runs(folder) if runs is None else runs:
        try:
            subject = read(Run.open(path))
        except CheckpointError as error:
            left_out.append((str(path), str(error)))
            continue
        made = _write_run(finder.add(subject), shown)
        # The images were drawn, and those of a whole study need not be kept.
        reported.append(replace(made, subject=replace(made.subject, images=None)))
        say(f"{made.page}")
    if not reported:
        reasons = "; ".join(why for _, why in left_out)
        raise CheckpointError(f"{folder}: there is no complete run in it: {reasons}")
    groups = _groups(reported)
    drawn = draw_all(
        [drawing for group in groups for drawing in drawings(group)], folder / FIGURES
    )
    return _write_page(
        folder / PAGE,
        study_page(groups, drawn, left_out, folder, charts=interactive.available()),
    )


def _write_run(subject: Subject, shown: Sequence[int]) -> Reported:
    beyond = [index for index in shown if not 0 <= index < len(subject.labels)]
    if beyond:
        raise CheckpointError(
            f"{subject.run.folder}: expected test images of 0 to "
            f"{len(subject.labels) - 1}, received {beyond[0]}"
        )
    drawn = draw_all(run_drawings(subject, shown), subject.run.path(FIGURES))
    text = run_page(subject, drawn, charts=interactive.available())
    return Reported(subject, drawn, _write_page(subject.run.path(PAGE), text))


def _write_page(path: Path, text: str) -> Path:
    with atomic_write(path, text=True) as file:
        file.write(text)
    return path


def _groups(reported: Iterable[Reported]) -> list[Group]:
    """Put together what can be compared: the same data set, protocol and part of it."""
    groups: dict[tuple[str, ...], list[Reported]] = {}
    for run in reported:
        key = (run.subject.dataset, *run.subject.variant)
        groups.setdefault(key, []).append(run)
    names = ["-".join(map(_file_name, key)) for key in groups]
    return [
        # Different names may become the same file's name.
        Group(name if names.count(name) == 1 else f"{name}-{index}", in_order(runs))
        for index, (name, runs) in enumerate(zip(names, groups.values(), strict=True))
    ]


def _file_name(text: str) -> str:
    plain = (c if c.isascii() and (c.isalnum() or c == "_") else "-" for c in text)
    return "".join(plain)[:60]
