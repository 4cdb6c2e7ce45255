"""Run the study: every data set, model and seed asked for, one after the other."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from experiments import comparison, protocol, records
from experiments.train import say, train
from scratchnet.datasets.lock import exclusive
from scratchnet.errors import CheckpointError
from scratchnet.runs import Run

NOT_REPEATED = "not repeated (--fresh repeats it)"


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
    was interrupted goes on where it stopped. Nor is one whose record is there, where
    ``record`` is given. With other settings a run is replaced; quick and hold-out runs
    have folders of their own, so that they replace no other. Two processes never train
    the same run: the second one leaves it out.

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
        key = records.Key(dataset, model, seed, chosen, quick)
        if done is None and not fresh and record and records.finished(record, key):
            say(f"{key.path(record)}: recorded earlier, {NOT_REPEATED}")
            continue
        if done is not None:
            say(f"{folder}: finished earlier, {NOT_REPEATED}")
        else:
            with _alone(folder) as alone:
                if not alone:
                    say(f"{folder}: another process is at it")
                    continue
                # Another process may have finished it between the look and the lock.
                done = None if fresh else _finished(folder, chosen, quick)
                done = done or train(
                    folder, dataset, model, seed, chosen, quick=quick, verbose=verbose
                )
        runs.append(done)
        if record is not None:
            record.mkdir(parents=True, exist_ok=True)
            say(f"recorded: {records.write(record, *records.of_run(done))}")
    if runs:
        say(f"\n{comparison.table(runs)}")
    if any(run.record["leak"] for run in runs):
        say(f"\nNote: {protocol.LEAK}")
    return runs


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Hold a run's lock; False if another process holds it.

    Where no lock can be made, no run can be written, and `train` says so.
    """
    with contextlib.ExitStack() as stack:
        alone = True
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            lock = exclusive(folder.parent / f".{folder.name}.lock", wait=False)
            stack.enter_context(lock)
        except BlockingIOError:
            alone = False
        except OSError:
            pass
        yield alone


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
