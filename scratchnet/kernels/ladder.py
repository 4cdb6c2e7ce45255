"""Operations, the rungs of their ladders, and which rung is in use.

Every operation shows its arithmetic more than once, behind one signature, from the
rung that is obviously right to the one that is fast:

    reference   plain NumPy; every option, any float dtype; the oracle
    loops       the textbook loops, compiled by Numba
    blas        one matrix product by BLAS (dense)
    im2col      unfold the windows, then one matrix product by BLAS (convolution)
    direct      register tiles in SIMD instructions, nothing unfolded
    winograd    3x3 convolution with fewer multiplications

A model runs on the highest rung that each operation has, up to the one in use.
"""

import contextlib
from collections.abc import Callable, Iterator
from types import ModuleType

from scratchnet.kernels.machine.processor import highest_rung

RUNGS = ("reference", "loops", "blas", "im2col", "direct", "winograd")

OPERATIONS: dict[str, "Operation"] = {}

_in_use = highest_rung()


class Operation:
    """One operation and its implementations, lowest rung first.

    Calling it runs the highest implemented rung up to the one in use. The list of
    all operations, `OPERATIONS`, feeds the tests, the benchmark and the
    documentation, so that no rung can be left out of them.
    """

    def __init__(self, name: str, **rungs: Callable) -> None:
        """Register under ``name`` the implementations, given by rung."""
        unknown = set(rungs) - set(RUNGS)
        if unknown or "reference" not in rungs:
            raise ValueError(f"operation '{name}': rungs {sorted(rungs)}")
        self.name = name
        self.rungs = {rung: rungs[rung] for rung in RUNGS if rung in rungs}
        self.selected = self._select(_in_use)
        self.run = self.rungs[self.selected]
        OPERATIONS[name] = self

    def __call__(self, *arguments):
        """Run the selected rung; the signature is that of the `reference` rung."""
        return self.run(*arguments)

    def _select(self, rung: str) -> str:
        allowed = RUNGS[: RUNGS.index(rung) + 1]
        return [name for name in allowed if name in self.rungs][-1]


def operation(name: str, *modules: ModuleType) -> Operation:
    """Return the operation whose rungs are the modules' functions ``<name>_<rung>``.

    Raises:
        ValueError: a module has no such function.
    """
    found: dict[str, Callable] = {}
    for module in modules:
        own = {rung: getattr(module, f"{name}_{rung}", None) for rung in RUNGS}
        if not any(own.values()):
            raise ValueError(f"operation '{name}': no rung in {module.__name__}")
        found |= {rung: function for rung, function in own.items() if function}
    return Operation(name, **found)


def ladder(*functions: Callable) -> Operation:
    """Return the operation whose rungs are functions named ``<operation>_<rung>``."""
    name = functions[0].__name__.rpartition("_")[0]
    return Operation(
        name, **{f.__name__.removeprefix(f"{name}_"): f for f in functions}
    )


def get_rung() -> str:
    """Return the name of the rung in use."""
    return _in_use


def is_in_use(rung: str) -> bool:
    """Tell whether a rung may run: whether it is the one in use, or below it."""
    return RUNGS.index(rung) <= RUNGS.index(_in_use)


def set_rung(rung: str) -> None:
    """Run every operation on ``rung``, or on the nearest one below that it has.

    Raises:
        ValueError: there is no such rung.
    """
    global _in_use
    if rung not in RUNGS:
        raise ValueError(f"set_rung: expected one of {RUNGS}, received {rung!r}")
    _in_use = rung
    for operation in OPERATIONS.values():
        operation.selected = operation._select(rung)
        operation.run = operation.rungs[operation.selected]


@contextlib.contextmanager
def rung(name: str) -> Iterator[None]:
    """Use a rung inside a ``with`` block, for the whole process, then go back."""
    before = get_rung()
    set_rung(name)
    try:
        yield
    finally:
        set_rung(before)
