"""Compare scratchnet's runs of the study with Keras's.

    python -m experiments validate

What is read: the records of both sides (`records`), the figures of others
(``published.json``), and the seconds per epoch that ``python -m benchmarks.epoch``
measured, if it did. What comes out is plain data; the table and the sentences are made
of it by `validation_text`. How verdicts are found, and how many seeds they take:
`judgement`.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from experiments import protocol
from experiments.equivalence import judgement, records
from experiments.equivalence.judgement import Judgement
from experiments.equivalence.records import Record
from scratchnet.foundation.errors import CheckpointError
from scratchnet.models import architectures

# How far apart the mean test accuracies may be.
MARGINS = {"fashion_mnist": 0.01, "cifar100": 0.02}

PUBLISHED = records.ROOT / "published.json"
EPOCH_BENCHMARK = records.ROOT.parents[1] / "benchmarks" / "results" / "epoch.json"

# Whose versions are named in the comparison.
PACKAGES = ("scratchnet", "source", "keras", "tensorflow", "tensorflow-cpu")

Document = dict[str, Any]
Model = tuple[str, str]  # data set and name
Runs = dict[int, Record]  # by seed


def compare(
    reference: Path = records.KERAS,
    results: Path = records.SCRATCHNET,
    *,
    benchmark: Path = EPOCH_BENCHMARK,
) -> Document:
    """Compare all models of the study.

    Args:
        reference: file of Keras's records.
        results: file of scratchnet's.
        benchmark: what ``python -m benchmarks.epoch`` wrote; may be missing.

    Returns:
        ``models``, an entry per model: ``sides`` (who → what `_summary` returns) and
        ``judgement``; ``seconds``, where the seconds per epoch come from; ``notes``,
        the caveats. It goes into JSON as it is.

    Raises:
        CheckpointError: a file is damaged, or a record is not of the study's settings.
    """
    published = _json(PUBLISHED)
    measured = _json(benchmark) if benchmark.exists() else {}
    if measured.get("quick"):
        measured = {}
    sides = {
        "keras": _read(reference, "keras"),
        "scratchnet": _read(results, "scratchnet"),
    }
    models = []
    for model in itertools.product(MARGINS, architectures.STUDY):
        entry = _compared(model, {who: runs[model] for who, runs in sides.items()})
        for who, side in entry["sides"].items():
            side["seconds_per_epoch"] = _seconds(measured, who, model)
        for who in ("notebook", "earlier"):
            entry["sides"][who] = _published(published[who]["runs"], model)
        models.append(entry)
    notes = [
        f"{who}: {note}"
        for who in ("notebook", "earlier")
        for note in (published[who]["source"], *published[who]["caveats"])
    ]
    machine = measured and {
        name: measured["machine"][name]
        for name in ("command", "cpu", "threads", "versions")
    }
    return records.finite(
        {"models": models, "seconds": machine or None, "notes": notes}
    )


def verdicts(document: Document) -> list[str]:
    """Return the verdicts of a comparison, model by model."""
    return [entry["judgement"]["verdict"] for entry in document["models"]]


def _read(path: Path, library: str) -> dict[Model, Runs]:
    """Return a library's records, model by model and seed by seed."""
    found: dict[Model, Runs] = {
        model: {} for model in itertools.product(MARGINS, architectures.STUDY)
    }
    for record in records.read(path):
        model, seed = (record["dataset"], record["model"]), record["seed"]
        if record["quick"] or model not in found:
            continue
        where = f"{path}: {' '.join(model)}, seed {seed}"
        if record["library"] != library:
            raise CheckpointError(
                f"{where}: expected a run of {library}, this is one of "
                f"{record['library']}"
            )
        if record["protocol"] != asdict(protocol.usual(*model)):
            raise CheckpointError(
                f"{where}: was trained with other settings than the study's: "
                f"{record['protocol']}; move it away, or train it again"
            )
        found[model][seed] = record
    for model, runs in found.items():
        if len({record["order"] for record in runs.values()}) > 1:
            raise CheckpointError(
                f"{path}: the runs of {' '.join(model)} met their images in different "
                "orders, some in that of the first epoch only; keep these in a file "
                "of their own"
            )
    return found


def _compared(model: Model, sides: dict[str, Runs]) -> Document:
    """Return what both sides reached with a model, and the judgement."""
    dataset, name = model
    judged = _judge(sides["keras"], sides["scratchnet"], MARGINS[dataset])
    contents = {
        json.dumps(run["data"]["sha256"], sort_keys=True)
        for runs in sides.values()
        for run in runs.values()
    }
    orders = [run["order"] for run in sides["keras"].values()]
    return {
        "dataset": dataset,
        "model": name,
        "margin": MARGINS[dataset],
        "sides": {who: _summary(runs, judged.seeds) for who, runs in sides.items()},
        "judgement": asdict(judged),
        "versions": {who: _versions(runs) for who, runs in sides.items()},
        "order_in_keras": orders[0] if orders else None,
        "same_data": len(contents) <= 1,
    }


def _judge(keras: Runs, own: Runs, margin: float) -> Judgement:
    """Judge the accuracies, after what would make them worthless."""
    reference, ours = (
        {seed: _number(run["test_accuracy"]) for seed, run in runs.items()}
        for runs in (keras, own)
    )
    found = judgement.judge_in_stages(reference, ours, margin)
    problem = next(_problems(keras, own), None)
    return Judgement(judgement.FAILURE, problem, found.seeds) if problem else found


def _problems(keras: Runs, own: Runs) -> Iterator[str]:
    """Find what no average over seeds can make good."""
    parameters = {run["parameters"] for runs in (keras, own) for run in runs.values()}
    if len(parameters) > 1:
        found = " and ".join(f"{number:,}" for number in sorted(parameters))
        yield f"these are different models: they have {found} parameters"
    for who, runs in (("Keras", keras), ("scratchnet", own)):
        seen: dict[str, int] = {}
        for seed, run in runs.items():
            history = json.dumps(run["history"], sort_keys=True)
            first = seen.setdefault(history, seed)
            if first != seed:
                yield f"{who}: seeds {first} and {seed} are one and the same run"
            for name in ("test_loss", "test_accuracy"):
                if not math.isfinite(_number(run[name])):
                    yield f"{who}: the {name} of seed {seed} is not a number"


def _summary(runs: Runs, seeds: int) -> Document:
    """Return mean and spread of the seeds that are judged, or else of all there are."""
    chosen = [runs[seed] for seed in range(seeds)] if seeds else list(runs.values())
    return {
        "runs": len(chosen),
        "available": len(runs),
        "test_loss": _spread([_number(run["test_loss"]) for run in chosen]),
        "test_accuracy": _spread([_number(run["test_accuracy"]) for run in chosen]),
        "epochs_to_best": _spread([run["best_epoch"] + 1 for run in chosen]),
    }


def _seconds(measured: Document, who: str, model: Model) -> float | None:
    """Return the median of a library's epochs, measured alone on the machine.

    Those of the runs themselves are not a measure: they ran beside other work.
    """
    dataset, name = model
    case = measured.get("cases", {}).get(f"{dataset.split('_')[0]}_{name}", {})
    found = case.get("libraries", {}).get(who)
    return found and found["seconds_per_epoch"]["median"]


def _versions(runs: Runs) -> list[str]:
    """Return with what the runs were made, as a rule the same for all of them."""
    found = set()
    for run in runs.values():
        environment = run["environment"]
        names = [name for name in PACKAGES if name in environment]
        found.add(", ".join(f"{name} {environment[name]}" for name in names))
    return sorted(found)


def _published(runs: Sequence[Record], model: Model) -> Document:
    (run,) = (run for run in runs if (run["dataset"], run["model"]) == model)
    return {
        **_summary({0: run}, 1),
        "seconds_per_epoch": None,
        "continued": run.get("continued", False),
    }


def _spread(values: Sequence[float]) -> Document:
    """Return mean and standard deviation, None where there are too few values."""
    finite = all(math.isfinite(value) for value in values)
    return {
        "mean": fmean(values) if values else None,
        "deviation": stdev(values) if len(values) > 1 and finite else None,
    }


def _number(value: float | None) -> float:
    """Return a number of a record, in which null stands for one that is not finite."""
    return math.nan if value is None else float(value)


def _json(path: Path) -> Document:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: can't be read: {error}") from error
