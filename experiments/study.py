"""Run the study: every data set, model and seed asked for, one after the other."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from experiments import comparison, protocol, records
from experiments.divergence import DivergedError
from experiments.train import say, train
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.lock import exclusive
from scratchnet.runs.run import Run

NOT_REPEATED = "not repeated (--fresh repeats it)"


class Outcome(NamedTuple):
    """What became of the runs that were asked for.

    Attributes:
        runs: those that are finished, now or earlier.
        diverged: a message for each that has no result.
    """

    runs: list[Run]
    diverged: list[str]


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
) -> Outcome:
    """Train whatever is not trained yet, and print the comparison.

    A run that finished earlier, with the same settings, is not repeated: a study that
    was interrupted goes on where it stopped. Nor is one whose record is there, where
    ``record`` is given. With other settings a run is replaced; quick and hold-out runs
    have folders of their own, so that they replace no other. Two processes never train
    the same run, nor one for the same record: the second one leaves it out. A record is
    replaced by ``fresh`` alone, never by an older run that is still in its folder.

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

    Raises:
        DatasetError: the data can't be loaded.
        CheckpointError: a file can't be written, or is damaged.
    """
    runs: list[Run] = []
    diverged: list[str] = []
    for dataset, model, seed in itertools.product(dataset_names, model_names, seeds):
        chosen = replace(protocol.for_dataset(dataset, quick=quick), **settings)
        folder = out / dataset / model / _name(seed, chosen, quick)
        key = records.Key(dataset, model, seed, chosen, quick)
        # Another process may finish it between the look and the lock: so look twice.
        if not fresh and _is_done(folder, key, record, runs):
            continue
        with _alone(folder, key, record) as alone:
            if not alone:
                say(f"{folder}: another process is at it")
                continue
            if not fresh and _is_done(folder, key, record, runs):
                continue
            try:
                trained = train(
                    folder, dataset, model, seed, chosen, quick=quick, verbose=verbose
                )
            except DivergedError as error:
                diverged.append(str(error))
                continue
            runs.append(trained)
            _write(record, trained)
    if runs:
        say(f"\n{comparison.table(runs)}")
    if any(run.record["leak"] for run in runs):
        say(f"\nNote: {protocol.LEAK}")
    return Outcome(runs, diverged)


def _is_done(
    folder: Path, key: records.Key, record: Path | None, runs: list[Run]
) -> bool:
    """Whether a run is finished or recorded; a finished one joins ``runs``."""
    found = _finished(folder, key.protocol, key.quick)
    recorded = record is not None and records.finished(record, key) is not None
    if found is not None:
        say(f"{folder}: finished earlier, {NOT_REPEATED}")
        runs.append(found)
        if not recorded:
            _write(record, found)
    elif recorded:
        assert record is not None
        say(f"{key.path(record)}: recorded earlier, {NOT_REPEATED}")
    return recorded or found is not None


def _write(record: Path | None, run: Run) -> None:
    """Record a run, if records are kept."""
    if record is not None:
        record.mkdir(parents=True, exist_ok=True)
        say(f"recorded: {records.write(record, *records.of_run(run))}")


@contextlib.contextmanager
def _alone(folder: Path, key: records.Key, record: Path | None) -> Iterator[bool]:
    """Hold the locks of a run and its record; False if another process holds one.

    Where no lock can be made, nothing can be written, and `train` says so.
    """
    locks = [folder.parent / f".{folder.name}.lock"]
    if record is not None:
        locks.append(record / f".{key.stem}.lock")
    with contextlib.ExitStack() as stack:
        alone = True
        try:
            for lock in locks:
                lock.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(exclusive(lock, wait=False))
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
