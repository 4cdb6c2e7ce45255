"""Run the study: every data set, model and seed asked for, one after the other."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from experiments import comparison, protocol
from experiments.train import train
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
) -> list[Run]:
    """Train whatever is not trained yet, and print the comparison.

    A run that finished earlier, with the same configuration, is not repeated: a study
    that was interrupted goes on where it stopped.

    Args:
        dataset_names: names of data sets.
        model_names: names of architectures.
        seeds: random seeds.
        out: folder of the runs: ``out/<data set>/<model>/seed-<seed>``.
        settings: fields of `protocol.Protocol` that replace the data set's own.
        quick: whether to train for two epochs on a few thousand images.
        fresh: whether to repeat finished runs.
        verbose: as in `Sequential.fit`.
    """
    runs = []
    for dataset, model, seed in itertools.product(dataset_names, model_names, seeds):
        chosen = protocol.for_dataset(dataset)
        if quick:
            chosen = replace(chosen, epochs=2)
        chosen = replace(chosen, **settings)
        folder = out / dataset / model / f"seed-{seed}"
        done = None if fresh else _finished(folder, chosen, quick)
        if done is not None:
            print(f"{folder}: finished earlier, not repeated (--fresh repeats it)")
        runs.append(
            done
            or train(folder, dataset, model, seed, chosen, quick=quick, verbose=verbose)
        )
    print(f"\n{comparison.table(runs)}")
    if any(run.record["leak"] for run in runs):
        print(f"\nNote: {protocol.LEAK}", file=sys.stderr)
    return runs


def _finished(folder: Path, chosen: protocol.Protocol, quick: bool) -> Run | None:
    """Return the run in a folder if it is finished and of the same configuration."""
    try:
        found = Run.open(folder)
    except CheckpointError:
        return None
    same = found.record["protocol"] == asdict(chosen)
    same = same and found.record["dataset"]["quick"] == quick
    return found if same and found.complete else None
