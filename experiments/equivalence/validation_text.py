"""A comparison with Keras, as a table and as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.equivalence import judgement
from experiments.table import markdown

DATASETS = {"fashion_mnist": "Fashion-MNIST", "cifar100": "CIFAR-100"}
MODELS = {"ann": "ANN", "basic_cnn": "Basic CNN", "deeper_cnn": "Deeper CNN"}
SIDES = {
    "keras": "Keras",
    "scratchnet": "scratchnet",
    "earlier": "Keras, earlier",
    "notebook": "notebook",
}

HEADER = (
    "model",
    "trained by",
    "runs",
    "test loss",
    "test accuracy, %",
    "epochs to the best",
    "s per epoch",
    "difference [95 %], points",
    "verdict",
)

NONE = "–"


def table(document: Mapping[str, Any]) -> str:
    """Return the table in Markdown: a row for each model and who trained it."""
    rows = [_row(entry, who) for entry in document["models"] for who in SIDES]
    return markdown(HEADER, rows, left=2)


def legend(document: Mapping[str, Any]) -> str:
    """Explain the table's figures, for those who see nothing else."""
    models, seconds = document["models"], document["seconds"]
    measured = "not measured yet (`python -m benchmarks.epoch`)"
    if seconds:
        measured = (
            f"measured alone on the machine by `{seconds['command']}`, "
            f"{seconds['threads']} threads, {seconds['cpu']}"
        )
    orders = " or ".join(sorted({entry["order_in_keras"] for entry in models} - {None}))
    versions = sorted(
        {
            version
            for entry in models
            for found in entry["versions"].values()
            for version in found
        }
    )
    return (
        f"{'; '.join(versions) or 'No runs yet'}. "
        "Mean ± standard deviation over seeds. The difference is scratchnet's mean "
        "minus Keras's, with its Welch 95 % interval: inside ±1 point (Fashion-MNIST) "
        "or ±2 points (CIFAR-100) it is called equivalent, wholly outside a failure, "
        "anything else inconclusive. Keras, earlier: one run of seed 0 on two cores. "
        "Notebook: the published figures, one run; those marked * continued from "
        "weights that were trained before, which a run from fresh weights can't be "
        f"held to. The order of the images in Keras's runs: {orders or NONE}. "
        f"Seconds per epoch: {measured}."
        + "".join(
            f" Not all runs of {_title(entry)} were trained on the same files."
            for entry in models
            if not entry["same_data"]
        )
    )


def sentences(document: Mapping[str, Any]) -> Iterator[str]:
    """Say for each model what the verdict is, why, and what to do."""
    for entry in document["models"]:
        found = entry["judgement"]
        yield f"{_title(entry)}: {found['verdict']}: {found['reason']}."
        if not entry["same_data"]:
            yield "  Not all of its runs were trained on the same files."
        if found["verdict"] == judgement.INCONCLUSIVE:
            yield from _what_next(entry, found["needed"])


def _what_next(entry: Mapping[str, Any], needed: int | None) -> Iterator[str]:
    if needed is None:
        yield "  No more seeds are asked for: it stays inconclusive."
        return
    dataset, model = f"--dataset {entry['dataset']}", entry["model"]
    yield f"  Train seeds 0 to {needed - 1} on both sides; what is there is kept:"
    yield (
        f"    python -m experiments.equivalence.keras_reference {dataset} "
        f"--models {model} --seeds {needed}"
    )
    yield (
        f"    python -m experiments run {dataset} --model {model} --seeds {needed} "
        "--record"
    )


def _title(entry: Mapping[str, Any]) -> str:
    return f"{DATASETS[entry['dataset']]} {MODELS[entry['model']]}"


def _row(entry: Mapping[str, Any], who: str) -> list[str]:
    side, judged = entry["sides"][who], entry["judgement"]
    star = "*" if side.get("continued") else ""
    runs, seconds = str(side["runs"] or NONE), side["seconds_per_epoch"]
    if side["runs"] != side["available"]:
        runs = f"{side['runs']} of {side['available']}"
    own = who == "scratchnet"
    return [
        _title(entry),
        SIDES[who],
        runs,
        _value(side["test_loss"], 4) + star,
        _value(side["test_accuracy"], 2, scale=100) + star,
        _value(side["epochs_to_best"], 1) + star,
        NONE if seconds is None else f"{seconds:.2f}",
        _interval(judged["interval"]) if own else "",
        judged["verdict"] if own else "",
    ]


def _value(found: Mapping[str, Any], digits: int, scale: float = 1) -> str:
    mean, deviation = found["mean"], found["deviation"]
    if mean is None:
        return NONE
    if deviation is None:
        return f"{mean * scale:.{digits}f}".removesuffix(".0")
    return f"{mean * scale:.{digits}f} ± {deviation * scale:.{digits}f}"


def _interval(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return NONE
    difference, low, high = (
        f"{100 * found[name]:+.2f}" for name in ("difference", "low", "high")
    )
    return f"{difference} [{low}, {high}]".replace("-", "−")
