"""Compare scratchnet's runs of the study with Keras's.

    python -m experiments validate

What is read: the records of both sides (`experiments.records`), the figures of others
(``experiments/reference/published.json``), and the seconds per epoch that
``python -m benchmarks.epoch`` measured, if it did. What comes out is plain data; the
table and the sentences are made of it by `experiments.validation_text`. How verdicts
are found, and how many seeds they take: `experiments.judgement`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from experiments import judgement, protocol, records
from experiments.judgement import Judgement
from experiments.records import Record
from scratchnet.foundation.errors import CheckpointError
from scratchnet.models import architectures

# How far apart the mean test accuracies may be.
MARGINS = {"fashion_mnist": 0.01, "cifar100": 0.02}

PUBLISHED = records.ROOT / "reference" / "published.json"
EPOCH_BENCHMARK = records.ROOT.parent / "benchmarks" / "results" / "epoch.json"

# Whose versions are named in the comparison.
PACKAGES = ("scratchnet", "source", "keras", "tensorflow", "tensorflow-cpu")

Document = dict[str, Any]
Runs = dict[int, Record]


def compare(
    reference: Path = records.KERAS,
    results: Path = records.SCRATCHNET,
    *,
    benchmark: Path = EPOCH_BENCHMARK,
) -> Document:
    """Compare all models of the study.

    Args:
        reference: folder of Keras's records.
        results: folder of scratchnet's.
        benchmark: what ``python -m benchmarks.epoch`` wrote; may be missing.

    Returns:
        ``models``, an entry per model: ``sides`` (who → what `_summary` returns) and
        ``judgement``; ``seconds``, where the seconds per epoch come from; ``notes``,
        the caveats. It goes into JSON as it is.

    Raises:
        CheckpointError: a file is damaged, or a record is not of the study's settings.
    """
    published = _json(PUBLISHED)
    measured = _Measured.read(benchmark)
    models = [
        _model(dataset, model, reference, results, published, measured)
        for dataset in MARGINS
        for model in architectures.ALL
    ]
    notes = [
        f"{who}: {note}"
        for who in ("notebook", "earlier")
        for note in (published[who]["source"], *published[who]["caveats"])
    ]
    return records.finite(
        {"models": models, "seconds": measured.described, "notes": notes}
    )


def verdicts(document: Document) -> list[str]:
    """Return the verdicts of a comparison, model by model."""
    return [entry["judgement"]["verdict"] for entry in document["models"]]


def _model(
    dataset: str,
    model: str,
    reference: Path,
    results: Path,
    published: Document,
    measured: _Measured,
) -> Document:
    sides = {
        "keras": _read(reference, dataset, model, "keras"),
        "scratchnet": _read(results, dataset, model, "scratchnet"),
    }
    margin = MARGINS[dataset]
    judged = _judge(sides["keras"], sides["scratchnet"], margin)
    entry: Document = {"dataset": dataset, "model": model, "margin": margin}
    entry["sides"] = {
        who: _summary(runs, judged.seeds, measured.seconds(who, dataset, model))
        for who, runs in sides.items()
    }
    for who in ("notebook", "earlier"):
        entry["sides"][who] = _published(published[who]["runs"], dataset, model)
    entry["judgement"] = asdict(judged)
    entry["versions"] = {who: _versions(runs) for who, runs in sides.items()}
    entry["order_in_keras"] = next(
        (run["order"] for run in sides["keras"].values()), None
    )
    entry["same_data"] = len(_contents(sides["keras"], sides["scratchnet"])) <= 1
    return entry


def _judge(keras: Runs, own: Runs, margin: float) -> Judgement:
    """Judge the accuracies, after what would make them worthless."""
    reference, ours = (
        {seed: _number(run["test_accuracy"]) for seed, run in runs.items()}
        for runs in (keras, own)
    )
    found = judgement.judge_in_stages(reference, ours, margin)
    for problem in _problems(keras, own):
        return Judgement(judgement.FAILURE, problem, found.seeds)
    return found


def _problems(keras: Runs, own: Runs) -> Iterable[str]:
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


def _read(folder: Path, dataset: str, model: str, library: str) -> Runs:
    """Return a model's records, by seed."""
    runs = {}
    for path in sorted(folder.glob(f"{dataset}-{model}-seed-*.json")):
        record = records.read(path)
        if record["quick"]:
            continue
        if record["library"] != library:
            raise CheckpointError(
                f"{path}: expected a run of {library}, this is one of "
                f"{record['library']}"
            )
        if record["protocol"] != asdict(protocol.for_dataset(dataset)):
            raise CheckpointError(
                f"{path}: was trained with other settings than the study's: "
                f"{record['protocol']}; move it away, or train it again"
            )
        runs[record["seed"]] = record
    if len({record["order"] for record in runs.values()}) > 1:
        raise CheckpointError(
            f"{folder}: the runs of {dataset} {model} met their images in different "
            "orders, some in that of the first epoch only; keep these in a folder apart"
        )
    return dict(sorted(runs.items()))


def _summary(runs: Runs, seeds: int, seconds: float | None) -> Document:
    """Return mean and spread of the seeds that are judged, or else of all there are."""
    chosen = [runs[seed] for seed in range(seeds)] if seeds else list(runs.values())
    return {
        "runs": len(chosen),
        "available": len(runs),
        "test_loss": _spread([_number(run["test_loss"]) for run in chosen]),
        "test_accuracy": _spread([_number(run["test_accuracy"]) for run in chosen]),
        "epochs_to_best": _spread([run["best_epoch"] + 1 for run in chosen]),
        "seconds_per_epoch": seconds,
    }


def _versions(runs: Runs) -> list[str]:
    """Return with what the runs were made, as a rule the same for all of them."""
    found = set()
    for run in runs.values():
        environment = run["environment"]
        names = [name for name in PACKAGES if name in environment]
        found.add(", ".join(f"{name} {environment[name]}" for name in names))
    return sorted(found)


def _contents(*sides: Runs) -> set[str]:
    """Return the different checksums of the data that the runs were trained on."""
    return {
        json.dumps(run["data"]["sha256"], sort_keys=True)
        for runs in sides
        for run in runs.values()
    }


def _published(runs: Sequence[Record], dataset: str, model: str) -> Document:
    (run,) = (
        run for run in runs if run["dataset"] == dataset and run["model"] == model
    )
    return {
        "runs": 1,
        "available": 1,
        "test_loss": _spread([run["test_loss"]]),
        "test_accuracy": _spread([run["test_accuracy"]]),
        "epochs_to_best": _spread([run["best_epoch"] + 1]),
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


class _Measured:
    """Seconds per epoch, measured alone on the machine.

    Those of the runs themselves are no measure: they ran beside other work.

    Args:
        document: of the benchmark; empty if there is none.
    """

    def __init__(self, document: Document) -> None:
        self.cases = {} if document.get("quick") else document.get("cases", {})
        self.described: Document | None = None
        if self.cases:
            machine = document["machine"]
            self.described = {
                "command": machine["command"],
                "cpu": machine["cpu"],
                "threads": machine["threads"],
                "versions": machine["versions"],
            }

    @classmethod
    def read(cls, path: Path) -> _Measured:
        return cls(_json(path) if path.exists() else {})

    def seconds(self, who: str, dataset: str, model: str) -> float | None:
        """Return the median of a library's epochs, if it was measured."""
        from benchmarks.harness.networks import CASES

        for name, case in self.cases.items():
            known = CASES.get(name)
            if known and (known.dataset, known.model) == (dataset, model):
                found = case["libraries"].get(who)
                return found and found["seconds_per_epoch"]["median"]
        return None


def _number(value: float | None) -> float:
    """Return a number of a record, in which null stands for one that is not finite."""
    return math.nan if value is None else float(value)


def _json(path: Path) -> Document:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: can't be read: {error}") from error
    if not isinstance(found, Mapping):
        raise CheckpointError(f"{path}: can't be read: it holds no JSON object")
    return dict(found)
