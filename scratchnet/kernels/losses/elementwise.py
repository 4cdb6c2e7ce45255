"""The frame of a loss that takes every output by itself.

    loss[n] = 1/D ∑_d f(p[n, d], t[n, d])        d_p[n, d] = scale[n] · f′(p, t)/D

A loss is two functions, f and its slope ∂f/∂p, written once as plain arithmetic; what
follows p and t are numbers, such as ``delta``. `elementwise` makes both rungs of it.
`reference` gives the functions whole arrays, and NumPy takes one operator after the
other. What limits this rung: a temporary per operator, and one thread. `loops` compiles
them into one loop over rows, which are spread over threads. What limits this rung: a
logarithm or an exponential at a time.

Both compute in float64, so that only what comes in and goes out is rounded to float32.
Where the slope jumps, it is the one that TensorFlow takes.
"""

import inspect

import numpy as np
from numba.extending import overload

from scratchnet.kernels.ladder import Operation
from scratchnet.kernels.machine.compile import OPTIONS
from scratchnet.kernels.machine.frames import formula, framed
from scratchnet.kernels.machine.workers import launch, take, workers

# Elements handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 12


def where(condition, a, b):
    """Return a where the condition holds, else b."""
    return np.where(condition, a, b)


@overload(where, jit_options=OPTIONS)
def _overload_where(condition, a, b):
    return lambda condition, a, b: a if condition else b


def elementwise(f, slope, *, mean=True):
    """Make the operations ``<name>_forward`` and ``<name>_backward`` of a loss.

    Args:
        f: the loss of p for t, and numbers; its name becomes the operations'.
        slope: ∂f/∂p, of the same arguments.
        mean: whether a row's loss is the mean over D; else it is the sum.
    """
    name, (_, _, *numbers) = f.__name__, inspect.signature(f).parameters
    for way, function, arrays in (
        ("forward", f, ("predictions", "targets", "losses")),
        ("backward", slope, ("predictions", "targets", "scale", "d_predictions")),
    ):
        frames = globals()[f"_reference_{way}"], globals()[f"_loops_{way}"]
        rungs = {"reference": _on_arrays(function, frames[0], mean)}
        rungs["loops"] = _in_loops(function, frames[1], mean, len(arrays))
        for rung, run in rungs.items():
            parameters = [
                inspect.Parameter(one, inspect.Parameter.POSITIONAL_OR_KEYWORD)
                for one in (*arrays, *numbers)
            ]
            run.__name__ = f"{name}_{way}_{rung}"
            run.__signature__ = inspect.Signature(parameters)
            run.__doc__ = function.__doc__
        Operation(f"{name}_{way}", **rungs)


def _on_arrays(function, frame, mean):
    def reference(*arguments):
        frame(function, mean, *arguments)

    return reference


def _reference_forward(function, mean, predictions, targets, losses, *numbers):
    values = function(*(np.float64(one) for one in (predictions, targets)), *numbers)
    losses[...] = values.mean(axis=1) if mean else values.sum(axis=1)


def _reference_backward(
    function, mean, predictions, targets, scale, d_predictions, *numbers
):
    slopes = function(*(np.float64(one) for one in (predictions, targets)), *numbers)
    d_predictions[...] = scale[:, None] * slopes / (slopes.shape[1] if mean else 1)


def _in_loops(function, frame, mean, count):
    work = framed(frame, function, MEAN=mean)

    def loops(*arguments):
        arrays = arguments[:count]
        rows = max(1, CHUNK // max(1, arrays[0].shape[1]))
        tasks = -(-len(arrays[0]) // rows)
        numbers = tuple(map(float, arguments[count:]))
        launch(work, workers() if tasks > 1 else 1, arrays, numbers, (tasks, rows))

    return loops


MEAN = True  # stands for what `framed` puts there


def _loops_forward(worker, waiting, arrays, numbers, sizes):
    (predictions, targets, losses), (tasks, rows) = arrays, sizes
    N, D = predictions.shape
    task = take(waiting, worker, tasks)
    while task < tasks:
        for n in range(task * rows, min(N, (task + 1) * rows)):
            total = 0.0
            for d in range(D):
                p, t = float(predictions[n, d]), float(targets[n, d])
                total += formula(p, t, *numbers)
            losses[n] = total / D if MEAN else total
        task = take(waiting, worker, tasks)


def _loops_backward(worker, waiting, arrays, numbers, sizes):
    (predictions, targets, scale, d_predictions), (tasks, rows) = arrays, sizes
    N, D = predictions.shape
    task = take(waiting, worker, tasks)
    while task < tasks:
        for n in range(task * rows, min(N, (task + 1) * rows)):
            share = float(scale[n]) / D if MEAN else float(scale[n])
            for d in range(D):
                p, t = float(predictions[n, d]), float(targets[n, d])
                d_predictions[n, d] = share * formula(p, t, *numbers)
        task = take(waiting, worker, tasks)
