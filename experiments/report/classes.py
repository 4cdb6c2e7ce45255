"""The classification report: precision, recall and F1 of every class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.report.look import readable
from experiments.report.markup import Html, table
from experiments.report.subject import Subject

COLUMNS = ("precision", "recall", "f1-score", "support")


def scores(subject: Subject) -> list[dict[str, float]]:
    """Return what ``report.json`` has, class by class.

    It is computed from the predictions: in ``report.json``, two classes of the same
    name would be one, and a class may be called "accuracy".
    """
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(
        subject.labels,
        subject.predicted,
        labels=range(len(subject.class_names)),
        zero_division=0,
    )
    return [
        dict(zip(COLUMNS, map(float, row), strict=True))
        for row in np.stack(columns, axis=1)
    ]


def average(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of all classes, each of them counting alike."""
    mean = {name: float(np.mean([row[name] for row in rows])) for name in COLUMNS}
    return {**mean, "support": float(sum(row["support"] for row in rows))}


def report_table(subject: Subject) -> Html:
    """Return the report of a run as a table with class names."""
    rows = scores(subject)
    return table(
        ["class", *COLUMNS],
        [
            [readable(name, 60), *_cells(row)]
            for name, row in zip(subject.class_names, rows, strict=True)
        ]
        + [["mean of the classes", *_cells(average(rows))]],
    )


def side_by_side(subjects: Mapping[str, Subject]) -> Html:
    """Return the F1 of every class, one column per model.

    Args:
        subjects: name of the column → run; all of the same classes.
    """
    columns = [scores(subject) for subject in subjects.values()]
    names = next(iter(subjects.values())).class_names
    return table(
        ["F1 of class", *(readable(name) for name in subjects)],
        [
            [
                readable(name, 60),
                *(f"{column[i]['f1-score']:.3f}" for column in columns),
            ]
            for i, name in enumerate(names)
        ]
        + [
            [
                "mean of the classes",
                *(f"{average(column)['f1-score']:.3f}" for column in columns),
            ]
        ],
    )


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [*(f"{row[name]:.3f}" for name in COLUMNS[:3]), f"{row['support']:,.0f}"]
