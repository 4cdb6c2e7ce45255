"""The frame of an activation that takes every element by itself.

    y[i] = f(x[i])        dx[i] = dy[i] · slope(s[i]),  s = y, or x

An activation is two functions, f and its slope, written once as plain arithmetic; the
docstring says what it is after the first equals sign. If the slope's argument is called
``y``, it needs only what forward wrote, so that y may be written over x; if it is
called ``x``, forward must leave x alone. What follows are numbers, such as ``alpha``.

`elementwise` makes both rungs of it. `reference` gives the functions whole arrays:
NumPy takes one operator after the other. What limits this rung: a temporary per
operator, and one thread. `loops` compiles them into one loop, which the compiler turns
into vector instructions; chunks are spread over threads. What limits this rung: memory,
or the arithmetic of an exponential. Nothing is compiled before it is called.

In compiled code float32 times a literal, which is float64, would be float64: `like` and
`where` keep the type of x.
"""

import inspect

import numpy as np
from numba import types
from numba.extending import overload

from scratchnet.kernels.ladder import Operation
from scratchnet.kernels.machine.compile import OPTIONS
from scratchnet.kernels.machine.frames import formula, framed
from scratchnet.kernels.machine.workers import launch, take, workers

# Elements handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 13

# Name → (f, its slope), of everything that `elementwise` made.
FORMULAS = {}


def like(number, x):
    """Return a number in the type of x."""
    return number  # NumPy takes a literal in the type of the array beside it


@overload(like, jit_options=OPTIONS)
def _overload_like(number, x):
    return lambda number, x: type(x)(number)


def where(condition, a, b):
    """Return a where the condition holds, else b; both are worked out."""
    return np.where(condition, a, b)


@overload(where, jit_options=OPTIONS)
def _overload_where(condition, a, b):
    floats = [kind for kind in (a, b) if isinstance(kind, types.Float)]
    bits = min(kind.bitwidth for kind in floats)
    number = {32: np.float32, 64: np.float64}[bits]
    return lambda condition, a, b: number(a) if condition else number(b)


def elementwise(f, slope):
    """Return the operations ``<name>_forward`` and ``<name>_backward`` of a function.

    Args:
        f: y for x, and numbers; its name becomes the operations'.
        slope: dy/dx for ``y`` or ``x``, as its argument is called, and those numbers.
    """
    name = f.__name__
    FORMULAS[name] = f, slope
    of, *numbers = inspect.signature(slope).parameters
    return tuple(
        Operation(
            f"{name}_{way}",
            **{
                rung: _named(f"{name}_{way}_{rung}", (*arrays, *numbers), run)
                for rung, run in (
                    ("reference", _on_arrays(function, len(arrays))),
                    ("loops", _in_loops(function, frame, len(arrays))),
                )
            },
        )
        for way, function, frame, arrays in (
            ("forward", f, _forward, ("x", "y")),
            ("backward", slope, _backward, (of, "dy", "dx")),
        )
    )


def _named(name, parameters, function):
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = [inspect.Parameter(parameter, kind) for parameter in parameters]
    function.__name__, function.__signature__ = name, inspect.Signature(own)
    return function


def _on_arrays(function, count):
    def reference(*arguments):
        source, *gradient, result = arguments[:count]
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            values = function(source, *arguments[count:])
            result[...] = gradient[0] * values if gradient else values

    return reference


def _in_loops(function, frame, count):
    work = framed(frame, function)

    def loops(*arguments):
        arrays, number = arguments[:count], arguments[0].dtype.type
        tasks = -(-arrays[0].size // CHUNK)
        numbers = tuple(number(value) for value in arguments[count:])
        launch(work, workers() if tasks > 1 else 1, arrays, numbers, (tasks,))

    return loops


def _forward(worker, waiting, arrays, numbers, sizes):
    (x, y), (tasks,) = arrays, sizes
    task = take(waiting, worker, tasks)
    while task < tasks:
        first = np.intp(task) * CHUNK
        own = y[first : first + CHUNK]
        if x.ctypes.data != y.ctypes.data:
            own[:] = x[first : first + CHUNK]
        # The compiler makes vector instructions of a loop over one array; over two,
        # only if they do not overlap.
        for i in range(own.size):
            own[i] = formula(own[i], *numbers)
        task = take(waiting, worker, tasks)


def _backward(worker, waiting, arrays, numbers, sizes):
    (source, dy, dx), (tasks,) = arrays, sizes
    task = take(waiting, worker, tasks)
    while task < tasks:
        first = np.intp(task) * CHUNK
        last = first + CHUNK
        of, own = source[first:last], dx[first:last]
        if dy.ctypes.data != dx.ctypes.data:
            own[:] = dy[first:last]
        for i in range(own.size):
            own[i] = own[i] * formula(of[i], *numbers)
        task = take(waiting, worker, tasks)
