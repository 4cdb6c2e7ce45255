"""Run the study: one training after the other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from experiments import comparison, protocol
from experiments.equivalence import records
from experiments.progress import say
from experiments.protocol import Protocol, Trial
from experiments.train import DivergedError, train
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.lock import exclusive
from scratchnet.runs.run import Run

NOT_REPEATED = "not repeated (--fresh repeats it)"


def run(
    trials: Sequence[Trial],
    out: Path,
    *,
    fresh: bool = False,
    verbose: int = 2,
    record: Path | None = None,
) -> tuple[list[Run], list[str]]:
    """Train whatever is not trained yet, and print the comparison.

    A run that finished earlier, with the same settings, is not repeated: a study that
    was interrupted goes on where it stopped. Nor is one whose record is there, where
    ``record`` is given. With other settings a run is replaced. Two processes never
    train the same run, nor one for the same record: the second one leaves it out. A
    record is replaced by ``fresh`` alone, never by an older run that is still in its
    folder.

    Args:
        trials: what to train.
        out: folder of the runs; each has the `Trial.folder` in it.
        fresh: whether to repeat finished runs.
        verbose: 0 silent, 1 a bar per epoch, 2 a line per epoch.
        record: file for what a comparison with Keras needs of each run; see `records`.

    Returns:
        The runs that are finished, now or earlier, and a message for each one that
        diverged.

    Raises:
        DatasetError: the data can't be loaded.
        CheckpointError: a file can't be written, or is damaged.
    """
    runs: list[Run] = []
    diverged: list[str] = []
    for trial in trials:
        folder = out / trial.folder
        # Another process may finish it between the look and the lock: so look twice.
        if not fresh and _is_done(folder, trial, record, runs):
            continue
        with _alone(folder, trial, record) as alone:
            if not alone:
                say(f"{folder}: another process is at it")
                continue
            if not fresh and _is_done(folder, trial, record, runs):
                continue
            try:
                trained = train(folder, trial, verbose=verbose)
            except DivergedError as error:
                diverged.append(str(error))
                continue
            runs.append(trained)
            _write(record, trained)
    if runs:
        say(f"\n{comparison.table(runs)}")
    if any(run.record["leak"] for run in runs):
        say(f"\nNote: {protocol.LEAK}")
    return runs, diverged


def _is_done(folder: Path, trial: Trial, record: Path | None, runs: list[Run]) -> bool:
    """Whether a run is finished or recorded; a finished one joins ``runs``."""
    found = _finished(folder, trial)
    recorded = record is not None and records.find(record, trial) is not None
    if found is not None:
        say(f"{folder}: finished earlier, {NOT_REPEATED}")
        runs.append(found)
        if not recorded:
            _write(record, found)
    elif recorded:
        say(f"{record}: {trial.name}: recorded earlier, {NOT_REPEATED}")
    return recorded or found is not None


def _finished(folder: Path, trial: Trial) -> Run | None:
    """Return the run in a folder if it is finished and of the same settings."""
    try:
        found = Run.open(folder)
        found.metrics()
    except CheckpointError:
        return None
    # Of an older run, what it doesn't say was as it is by default.
    same = asdict(Protocol()) | found.record["protocol"] == asdict(trial.protocol)
    return found if same and found.record["dataset"]["quick"] == trial.quick else None


def _write(record: Path | None, run: Run) -> None:
    """Record a run, if records are kept."""
    if record is not None:
        trial, content = records.of_run(run)
        records.write(record, trial, content)
        say(f"{record}: {trial.name}: recorded")


@contextlib.contextmanager
def _alone(folder: Path, trial: Trial, record: Path | None) -> Iterator[bool]:
    """Hold the locks of a run and its record; False if another process holds one.

    Where no lock can be made, nothing can be written, and `train` says so.
    """
    locks = [folder.parent / f".{folder.name}.lock"]
    if record is not None:
        locks.append(records.lock(record, trial))
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
