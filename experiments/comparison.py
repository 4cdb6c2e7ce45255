"""All runs side by side: the table at the end of a study and in its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from experiments.table import markdown
from scratchnet.runs.run import Run

COLUMNS = (
    "data set",
    "model",
    "seed",
    "parameters",
    "epochs",
    "best",
    "test loss",
    "test accuracy",
    "seconds",
)


def table(runs: Iterable[Run]) -> str:
    """Return a table of complete runs, in Markdown."""
    return markdown(COLUMNS, [row(run.record, run.metrics()) for run in runs], left=2)


def row(record: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[str]:
    """Return a run's cells, of which those are empty that its files say nothing of.

    ``epochs`` is how many were trained, ``best`` the one (counted from 1) whose
    weights were tested, ``seconds`` the time of `fit`.

    Args:
        record: what ``run.json`` says.
        metrics: what ``metrics.json`` says.
    """
    seed, best = record.get("seed"), metrics.get("best_epoch")
    return [
        record["dataset"]["name"],
        record["model"]["name"],
        "" if seed is None else str(seed),
        number(metrics.get("parameters"), ",.0f"),
        number(metrics.get("epochs"), ",.0f"),
        number(best + 1 if isinstance(best, int) else None, "d"),
        number(metrics["test_loss"], ".4f"),
        number(metrics["test_accuracy"], ".4f"),
        number(metrics.get("seconds"), ",.1f"),
    ]


def number(value: object, form: str) -> str:
    """Return a number in a format, or nothing where a file has something else."""
    return format(value, form) if isinstance(value, (int, float)) else ""
