"""Named streams of random numbers, all grown from one root seed.

Initialisation, shuffling, dropout and augmentation each draw from a stream of their
own, so that, say, one more dropout layer leaves the order of the batches as it was.

    stream(name) = PCG64(SeedSequence(root, spawn_key = CRC-32 of name))

Kernels hold no generator: a dropout bit is a function of (seed, step, element), and
only the seed comes from here.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

STREAMS = ("initialisation", "shuffling", "dropout", "augmentation")

_generators: dict[str, np.random.Generator] = {}


def reset(seed: int | None) -> None:
    """Start every stream again from ``seed`` (``None``: from the system's entropy)."""
    root = np.random.SeedSequence(seed)
    for name in STREAMS:
        branch = np.random.SeedSequence(
            root.entropy, spawn_key=(zlib.crc32(name.encode()),)
        )
        _generators[name] = np.random.Generator(np.random.PCG64(branch))


def stream(name: str) -> np.random.Generator:
    """Return the generator of one of `STREAMS`; it goes on where it was left."""
    return _generators[name]


def generator(state: Mapping[str, Any]) -> np.random.Generator:
    """Return a generator of its own that goes on from the state of a stream."""
    made = np.random.Generator(np.random.PCG64())
    made.bit_generator.state = state
    return made


def uniform(seed: int, step: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return numbers in [0, 1) that are a function of (seed, step, place)."""
    sequence = np.random.SeedSequence(seed, spawn_key=(step,))
    return np.random.Generator(np.random.PCG64(sequence)).random(shape)


def get_state() -> dict[str, Any]:
    """Return the state of every stream as plain data that JSON can hold."""
    return {name: _generators[name].bit_generator.state for name in STREAMS}


def set_state(state: dict[str, Any]) -> None:
    """Put every stream back to where `get_state` found it."""
    for name, found in state.items():
        _generators[name].bit_generator.state = found


def _unlock() -> None:
    """Let a forked child draw, though another thread was drawing when it was made."""
    for name, state in get_state().items():
        _generators[name] = generator(state)


reset(None)
if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_unlock)
