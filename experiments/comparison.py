"""The table at the end: all runs side by side."""

from __future__ import annotations

from collections.abc import Iterable

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
    """Return a table of complete runs, in Markdown.

    ``epochs`` is how many were trained, ``best`` the one (counted from 1) whose
    weights were tested, ``seconds`` the time of `fit`.
    """
    return markdown(COLUMNS, [_row(run) for run in runs], left=2)


def _row(run: Run) -> tuple[str, ...]:
    metrics = run.metrics()
    return (
        run.record["dataset"]["name"],
        run.record["model"]["name"],
        str(run.record["seed"]),
        f"{metrics['parameters']:,}",
        str(metrics["epochs"]),
        str(metrics["best_epoch"] + 1),
        f"{metrics['test_loss']:.4f}",
        f"{metrics['test_accuracy']:.4f}",
        f"{metrics['seconds']:.1f}",
    )
