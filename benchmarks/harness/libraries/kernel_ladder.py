"""scratchnet's operations, rung by rung."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness.turns import Run, Turns
from benchmarks.kernel_cases import Shape, arguments
from scratchnet.kernels import OPERATIONS

# Mean difference from the reference, relative to the mean size of an array's values.
# Tests know better bounds; this one finds a rung that computes something else. A mean,
# for a maximum among almost equals may be another one after other rounding.
TOLERANCE = 1e-3


class KernelLadder(Turns):
    """The operations of one shape at a time."""

    def __init__(self, threads: int) -> None:
        """Numba has read its threads from the environment."""
        super().__init__()

    def operations(self) -> dict[str, list[str]]:
        """Return operation → its rungs, lowest first."""
        return {name: list(made.rungs) for name, made in OPERATIONS.items()}

    def prepare(
        self, kind: str, shapes: dict[str, Shape], operations: tuple[str, ...]
    ) -> dict[str, int]:
        """Forget earlier shapes; add every rung as ``operation/rung``, checked.

        Returns:
            Operation → bytes of its arrays, each counted once. Of what `gather` reads
            from, only the rows that it takes are counted.

        Raises:
            AssertionError: a rung's result is not the reference's.
        """
        self.drop()
        values = arguments(kind, shapes)
        sizes = {}
        for name in operations:
            rungs = OPERATIONS[name].rungs
            parameters = inspect.signature(rungs["reference"]).parameters
            call = {parameter: values[parameter] for parameter in parameters}
            sizes[name] = _bytes(call)
            _check(rungs, call)
            for rung, implementation in rungs.items():
                self.add(f"{name}/{rung}", _repeat(implementation, list(call.values())))
        return sizes


def _repeat(implementation: Callable, call: list[Any]) -> Run:
    def run(steps: int) -> None:
        for _ in range(steps):
            implementation(*call)

    return run


def _arrays(call: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return all arrays; those in a tuple by ``name[0]``, ``name[1]``, ..."""
    found = {}
    for name, value in call.items():
        several = value if isinstance(value, tuple) else (value,)
        for i, one in enumerate(several):
            if isinstance(one, np.ndarray):
                found[f"{name}[{i}]" if several is value else name] = one
    return found


def _bytes(call: dict[str, Any]) -> int:
    arrays = _arrays(call)
    if "indices" in call:
        arrays["x"] = arrays["x"][: len(call["indices"])]
    return sum(array.nbytes for array in arrays.values())


def _check(rungs: dict[str, Callable], call: dict[str, Any]) -> None:
    """Compare what all rungs make of the same arrays."""
    arrays = _arrays(call)
    before = {name: array.copy() for name, array in arrays.items()}
    expected: dict[str, np.ndarray] = {}
    for rung, implementation in rungs.items():
        for name, array in before.items():
            arrays[name][...] = array
        implementation(*call.values())
        for name in before:
            result = arrays[name]
            if rung == "reference":
                expected[name] = result.copy()
                continue
            size = np.abs(expected[name]).mean()
            assert np.abs(result - expected[name]).mean() <= TOLERANCE * size, (
                f"{implementation.__name__}: {name} is not the reference's"
            )
