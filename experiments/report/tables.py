"""The tables of a report: rows of cells, the header first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from experiments import comparison
from experiments.report import confusion
from experiments.report.finished import FinishedRun
from experiments.report.group import Group
from experiments.report.look import counted, readable

Rows = list[list[str]]

LONGEST_NAME = 60


def runs(group: Group) -> Rows:
    """Return a group's runs as the study's own table has them."""
    rows = [comparison.row(run.run.record, run.metrics) for run in group.runs]
    return [list(row[1:]) for row in (comparison.COLUMNS, *rows)]


def links(group: Group, folder: Path) -> list[str]:
    """Return the way from a page in a folder to the page of each run."""
    ways = (os.path.relpath(run.page, folder) for run in group.runs)
    # "./": a first folder called "javascript:" is a folder, not an address.
    return ["./" + quote(Path(way).as_posix()) for way in ways]


def class_scores(run: FinishedRun) -> Rows:
    """Return precision, recall and F1 of every class, and their means.

    They are computed from the predictions: in ``report.json``, two classes of the same
    name would be one, and a class may be called "accuracy".
    """
    scores = _scores(run)
    means = [*scores[:, :3].mean(0), scores[:, 3].sum()]
    names = [*_names(run), "mean of the classes"]
    return [["class", "precision", "recall", "f1-score", "support"]] + [
        [name, *(f"{score:.3f}" for score in row[:3]), f"{row[3]:,.0f}"]
        for name, row in zip(names, [*scores, means], strict=True)
    ]


def f1_side_by_side(runs: Mapping[str, FinishedRun]) -> Rows:
    """Return the F1 of every class, one column per model.

    Args:
        runs: name of the column → run; all of the same classes.
    """
    columns = np.stack([_scores(run)[:, 2] for run in runs.values()], axis=1)
    names = [*_names(next(iter(runs.values()))), "mean of the classes"]
    return [["F1 of class", *map(readable, runs)]] + [
        [name, *(f"{score:.3f}" for score in row)]
        for name, row in zip(names, [*columns, columns.mean(0)], strict=True)
    ]


def confused_pairs(run: FinishedRun) -> Rows:
    """Return the most confused pairs by name."""
    names = _names(run)
    return [["true", "predicted", "images", "of the true class"]] + [
        [names[one.true], names[one.predicted], f"{one.count:,}", f"{one.share:.1%}"]
        for one in confusion.most_confused(run.confusion)
    ]


def facts(run: FinishedRun) -> list[tuple[str, str]]:
    """Return how a run was made, as far as its folder says so."""
    record, metrics = run.run.record, run.metrics
    data, protocol, machine = (
        _mapping(record.get(name)) for name in ("dataset", "protocol", "environment")
    )
    found = _mapping(data.get("provenance"))
    counts = (
        f"{data[f'{part}_samples']:,} {part}"
        for part in ("training", "validation", "test")
        if type(data.get(f"{part}_samples")) is int
    )
    words = [run.dataset, ", ".join(counts)]
    if found.get("folder"):
        words.append(f"from {found['folder']} (verified: {found.get('level')})")
    seconds = comparison.number(metrics.get("seconds"), ",.0f")
    seconds += " s" if seconds else ""
    if seconds and type(metrics.get("epochs")) is int:
        seconds += f" for {counted(metrics['epochs'], 'epoch')}"
    versions = ("scratchnet", "python", "numpy", "numba")
    return [
        ("folder", str(run.run.folder)),
        ("data", "; ".join(filter(None, words))),
        ("protocol", _listed(protocol)),
        ("parameters", comparison.number(metrics.get("parameters"), ",.0f")),
        ("training time", seconds),
        ("started", str(record.get("started", ""))),
        ("machine", str(machine.get("processor", ""))),
        ("versions", _listed({n: machine[n] for n in versions if n in machine})),
    ]


def _scores(run: FinishedRun) -> np.ndarray:
    """Return precision, recall, F1 and support of every class, (C, 4)."""
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(
        run.labels,
        run.predicted,
        labels=range(len(run.class_names)),
        zero_division=0,
    )
    return np.stack(columns, axis=1)


def _names(run: FinishedRun) -> list[str]:
    return [readable(name, LONGEST_NAME) for name in run.class_names]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {v}" for name, v in values.items())
