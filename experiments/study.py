"""Run the study: every data set, model and seed asked for, one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from experiments import comparison, protocol, records
from experiments.train import say, train
from scratchnet.errors import CheckpointError
from scratchnet.runs import Run


def run(
    dataset_names: Sequence[str],
    model_names: Sequence[str],
    seeds: Sequence[int],
    out: Path,
    *,
    settings: dict[str, Any],
    quick: bool = False,
    fresh: bool = False,
    verbose: int = 2,
    record: Path | None = None,
) -> list[Run]:
    """Train whatever is not trained yet, and print the comparison.

    A run that finished earlier, with the same settings, is not repeated: a study that
    was interrupted goes on where it stopped. With other settings it is replaced; quick
    and hold-out runs have folders of their own, so that they replace no other.

    Args:
        dataset_names: names of data sets.
        model_names: names of architectures.
        seeds: random seeds.
        out: folder of the runs: ``out/<data set>/<model>/seed-<seed>``, with
            ``-holdout`` or ``-quick`` after it.
        settings: fields of `protocol.Protocol` that replace the data set's own.
        quick: whether to train for two epochs on a few thousand images.
        fresh: whether to repeat finished runs.
        verbose: 0 silent, 1 a bar per epoch, 2 a line per epoch.
        record: folder for what a comparison needs of each run; see `records`.
    """
    runs = []
    for dataset, model, seed in itertools.product(dataset_names, model_names, seeds):
        chosen = replace(protocol.for_dataset(dataset, quick=quick), **settings)
        folder = out / dataset / model / _name(seed, chosen, quick)
        done = None if fresh else _finished(folder, chosen, quick)
        if done is not None:
            say(f"{folder}: finished earlier, not repeated (--fresh repeats it)")
        runs.append(
            done
            or train(folder, dataset, model, seed, chosen, quick=quick, verbose=verbose)
        )
        if record is not None:
            record.mkdir(parents=True, exist_ok=True)
            say(f"recorded: {records.write(record, *records.of_run(runs[-1]))}")
    say(f"\n{comparison.table(runs)}")
    if any(run.record["leak"] for run in runs):
        say(f"\nNote: {protocol.LEAK}")
    return runs


def _name(seed: int, chosen: protocol.Protocol, quick: bool) -> str:
    parts = [f"seed-{seed}"]
    if chosen.name != "notebook":
        parts.append(chosen.name)
    if quick:
        parts.append("quick")
    return "-".join(parts)


def _finished(folder: Path, chosen: protocol.Protocol, quick: bool) -> Run | None:
    """Return the run in a folder if it is finished and of the same configuration."""
    try:
        found = Run.open(folder)
        found.metrics()
    except CheckpointError:
        return None
    same = found.record["protocol"] == asdict(chosen)
    return found if same and found.record["dataset"]["quick"] == quick else None
