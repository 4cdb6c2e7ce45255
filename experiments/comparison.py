"""The table at the end: all runs side by side."""

from __future__ import annotations

from collections.abc import Iterable

from scratchnet.runs import Run

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
    rows = [COLUMNS, *(_row(run) for run in runs)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = [_line(row, widths) for row in rows]
    numeric = "|".join(
        "-" * (width + 2) if i < 2 else "-" * (width + 1) + ":"
        for i, width in enumerate(widths)
    )
    return "\n".join([lines[0], f"|{numeric}|", *lines[1:]])


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


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.ljust(width) if i < 2 else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(cells)} |"
