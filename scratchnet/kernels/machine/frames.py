"""Loops that many kernels share, each with a formula of its own in the middle."""

from types import FunctionType

from scratchnet.kernels.machine.compile import compiled


def formula(*values):
    """Stand in a frame for the formula that `framed` puts there."""
    raise NotImplementedError


def framed(frame, function, **constants):
    """Compile the code of a frame with this function as its ``formula``.

    Numba's cache on disk goes by names, and does not take what is in a closure for the
    same in the next process: so the formula, and constants, are globals of the frame.
    """
    inside = {**frame.__globals__, "formula": compiled(function), **constants}
    work = FunctionType(frame.__code__, inside)
    work.__module__, work.__qualname__ = function.__module__, function.__name__
    return compiled(work)
