"""A worker per library, the same weights in all of them, and proof that they agree."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from benchmarks.harness.libraries import LIBRARIES, installed
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


class DisagreementError(RuntimeError):
    """Two libraries compute different things: nothing may be timed."""


@dataclass
class Images:
    """Random images (N, H, W, C) in [0, 1), float32, and classes (N,)."""

    x: np.ndarray
    labels: np.ndarray


def random_images(case: Case, count: int, *, seed: int = 0) -> Images:
    """Return images of a case's shape; arithmetic takes as long as on real ones."""
    rng = np.random.default_rng(seed)
    x = rng.random((count, *case.image_shape), dtype=np.float32)
    return Images(x, rng.integers(case.classes, size=count))


def choose(wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the libraries to run and those that are missing, and say so."""
    chosen, missing = installed(wanted)
    if missing:
        say(f"not installed (pip install '.[reference]'): {', '.join(missing)}")
    if chosen == [OWN]:
        say("scratchnet runs alone")
    return chosen, missing


def start(
    stack: ExitStack, names: Sequence[str], threads: int, failures: dict[str, str]
) -> dict[str, Worker]:
    """Start a worker per library; one that can't start is written to ``failures``."""
    workers = {}
    for name in names:
        try:
            worker = Worker(LIBRARIES[name], threads=threads)
        except WorkerError as error:
            drop({}, name, error, failures)
        else:
            workers[name] = stack.enter_context(worker)
    return workers


def drop(
    workers: dict[str, Worker],
    name: str,
    error: WorkerError,
    failures: dict[str, str],
) -> None:
    """Go on without a peer that failed, and say why; without scratchnet, don't.

    Raises:
        WorkerError: it is scratchnet.
    """
    if name == OWN:
        raise error
    workers.pop(name, None)
    failures[name] = str(error)
    say(f"{name} takes no part: {str(error).strip().splitlines()[-1]}")


def initial_weights(worker: Worker, case: Case) -> list[np.ndarray]:
    """Return weights for everybody, drawn by scratchnet.

    Biases, gammas, betas and moving statistics, which start as zeros or ones, are
    moved by up to 0.1, so that a library that mixes them up is found out.
    """
    worker.call("build", "initial", case.image_shape, case.network())
    rng = np.random.default_rng(1)
    weights = worker.call("weights", "initial")
    return [
        weight
        if weight.ndim > 1
        else weight + rng.uniform(-0.1, 0.1, weight.shape).astype(np.float32)
        for weight in weights
    ]


def cross_check(
    workers: dict[str, Worker],
    case: Case,
    weights: list[np.ndarray],
    batch_size: int,
    failures: dict[str, str],
) -> dict[str, dict[str, float]]:
    """Compare outputs and the losses of a few training steps, without dropout.

    Returns:
        Library → the largest difference from scratchnet in ``outputs`` and ``losses``,
        and ``first_use``, the seconds that this took: most of it goes into compiling.

    Raises:
        DisagreementError: one is larger than rounding allows.
    """
    images = random_images(case, CHECKED_STEPS * batch_size, seed=2)
    network = without_dropout(case.network())
    outputs, losses, seconds = {}, {}, {}
    for name, worker in list(workers.items()):
        started = time.perf_counter()
        try:
            worker.call("build", "checked", case.image_shape, network, weights)
            outputs[name] = worker.call("outputs", "checked", images.x[:batch_size])
            losses[name] = worker.call(
                *("losses", "checked", images.x, images.labels),
                *(batch_size, CHECKED_STEPS),
            )
        except WorkerError as error:
            drop(workers, name, error, failures)
        seconds[name] = time.perf_counter() - started
    return {
        name: {**compare(name, outputs, losses), "first_use": seconds[name]}
        for name in workers
    }


def compare(
    name: str,
    outputs: Mapping[str, np.ndarray],
    losses: Mapping[str, Sequence[float]],
) -> dict[str, float]:
    """Return the largest differences of one library from scratchnet.

    Differences of outputs are relative to the largest output of the batch, those of
    losses to the loss.

    Raises:
        DisagreementError: one is larger than rounding allows.
    """
    own = np.array(losses[OWN])
    of_outputs = np.abs(outputs[name] - outputs[OWN]).max() / outputs[OWN].max()
    of_losses = np.abs((np.array(losses[name]) - own) / own)
    within = of_outputs <= OUTPUT_TOLERANCE and np.all(of_losses <= LOSS_TOLERANCES)
    if not within:  # and not "beyond": NaN is a disagreement, too
        raise DisagreementError(
            f"{name} and scratchnet disagree: outputs by {of_outputs:.2g}, allowed "
            f"{OUTPUT_TOLERANCE}; losses {list(losses[name])} and {list(losses[OWN])} "
            f"by {of_losses}, allowed {LOSS_TOLERANCES}"
        )
    return {"outputs": float(of_outputs), "losses": float(of_losses.max())}
