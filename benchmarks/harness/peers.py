"""A worker per library, the same weights in all of them, and proof that they agree."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from importlib.util import find_spec
from typing import Any, TypeVar

import numpy as np

from benchmarks.harness.libraries import LIBRARIES, target
from benchmarks.harness.networks import Case, without_dropout
from benchmarks.harness.processes import Worker, WorkerError
from benchmarks.harness.results import say

OWN = "scratchnet"

# Each probability is the end of a chain of sums, of up to a few thousand products; what
# they lose of float32's 6e-8 adds up to some 1e-5 of a value.
OUTPUT_TOLERANCE = 1e-4

# The first loss is as exact as the outputs. Then Adam divides each gradient by its own
# size: where one is as small as its rounding error, libraries disagree about the sign
# of a whole step of 0.001, and each step feeds on the differences of the one before.
LOSS_TOLERANCES = (1e-4, 2e-3, 2e-2, 2e-2)
CHECKED_STEPS = len(LOSS_TOLERANCES)

Answer = TypeVar("Answer")


class DisagreementError(RuntimeError):
    """Two libraries compute different things: nothing may be timed."""


def installed(wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the libraries that can run here, scratchnet first, and those missing."""
    there, missing = [OWN], []
    for name in wanted:
        _, packages = LIBRARIES[name]
        if not all(find_spec(package) for package in packages):
            missing.append(name)
        elif name != OWN:
            there.append(name)
    if missing:
        say(f"not installed (pip install '.[reference]'): {', '.join(missing)}")
    if there == [OWN]:
        say("scratchnet runs alone")
    return there, missing


class Peers(AbstractContextManager):
    """Libraries that do the same work, each in a worker.

    A peer that fails is left out from then on; without scratchnet nothing goes on.

    Args:
        names: of the libraries, scratchnet first.
        threads: of each.

    Attributes:
        workers: name → the worker, of those that have not failed.
        failures: name → why it failed.

    Raises:
        WorkerError: scratchnet failed.
    """

    def __init__(self, names: Sequence[str], threads: int) -> None:
        """Start the workers, one after the other."""
        self.workers: dict[str, Worker] = {}
        self.failures: dict[str, str] = {}
        self._stack = ExitStack()
        for name in names:
            try:
                made = Worker(target(name), threads=threads)
                self.workers[name] = self._stack.enter_context(made)
            except WorkerError as error:
                self._leave_out(name, error)

    def each(self, task: Callable[[Worker], Answer]) -> dict[str, Answer]:
        """Do something with one worker after the other, and return the answers."""
        answers = {}
        for name, worker in list(self.workers.items()):
            try:
                answers[name] = task(worker)
            except WorkerError as error:
                self._leave_out(name, error)
        return answers

    def _leave_out(self, name: str, error: WorkerError) -> None:
        if name == OWN:
            raise error
        self.workers.pop(name, None)
        self.failures[name] = str(error)
        say(f"{name} takes no part: {str(error).strip().splitlines()[-1]}")

    def __exit__(self, *_: Any) -> None:
        """End all workers."""
        self._stack.close()


def random_images(
    case: Case, count: int, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return images (N, H, W, C) in [0, 1), float32, and classes (N,).

    Arithmetic takes as long as on real ones.
    """
    rng = np.random.default_rng(seed)
    x = rng.random((count, *case.image_shape), dtype=np.float32)
    return x, rng.integers(case.classes, size=count)


def initial_weights(peers: Peers, case: Case) -> list[np.ndarray]:
    """Return weights for everybody, drawn by scratchnet.

    Biases, gammas, betas and moving statistics, which start as zeros or ones, are
    moved by up to 0.1, so that a library that mixes them up is found out.
    """
    worker = peers.workers[OWN]
    worker.call("build", "initial", case.image_shape, case.network())
    rng = np.random.default_rng(1)
    return [
        weight
        if weight.ndim > 1
        else weight + rng.uniform(-0.1, 0.1, weight.shape).astype(np.float32)
        for weight in worker.call("weights", "initial")
    ]


def cross_check(
    peers: Peers, case: Case, weights: list[np.ndarray], batch_size: int
) -> dict[str, dict[str, float]]:
    """Compare outputs and the losses of a few training steps, without dropout.

    Returns:
        Library → the largest difference from scratchnet in ``outputs`` and ``losses``,
        and ``first_use``, the seconds that this took: most of it goes into compiling.

    Raises:
        DisagreementError: one is larger than rounding allows.
    """
    x, labels = random_images(case, CHECKED_STEPS * batch_size, seed=2)
    network = without_dropout(case.network())

    def check(worker: Worker) -> tuple[np.ndarray, list[float], float]:
        started = time.perf_counter()
        worker.call("build", "checked", case.image_shape, network, weights)
        outputs = worker.call("outputs", "checked", x[:batch_size])
        losses = worker.call("losses", "checked", x, labels, batch_size, CHECKED_STEPS)
        return outputs, losses, time.perf_counter() - started

    found = peers.each(check)
    return {
        name: compare(name, found[name][:2], found[OWN][:2]) | {"first_use": seconds}
        for name, (_, _, seconds) in found.items()
    }


def compare(
    name: str,
    theirs: tuple[np.ndarray, Sequence[float]],
    ours: tuple[np.ndarray, Sequence[float]],
) -> dict[str, float]:
    """Return the largest differences of a library's outputs and losses from ours.

    Those of outputs are relative to the largest output of the batch, those of losses to
    the loss.

    Raises:
        DisagreementError: one is larger than rounding allows.
    """
    (outputs, losses), (own_outputs, own_losses) = theirs, ours
    of_outputs = np.abs(outputs - own_outputs).max() / own_outputs.max()
    of_losses = np.abs(np.array(losses) / np.array(own_losses) - 1)
    within = of_outputs <= OUTPUT_TOLERANCE and np.all(of_losses <= LOSS_TOLERANCES)
    if not within:  # and not "beyond": NaN is a disagreement, too
        raise DisagreementError(
            f"{name} and scratchnet disagree: outputs by {of_outputs:.2g}, allowed "
            f"{OUTPUT_TOLERANCE}; losses {list(losses)} and {list(own_losses)} "
            f"by {of_losses}, allowed {LOSS_TOLERANCES}"
        )
    return {"outputs": float(of_outputs), "losses": float(of_losses.max())}
