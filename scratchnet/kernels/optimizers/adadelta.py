"""Adadelta."""

import math

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.optimizers.together import in_chunks, update_together


def adadelta_update_reference(
    parameters, gradients, squares, changes, learning_rate, rho, epsilon
):
    """Take a step of Adadelta.

        a = rho·a + (1 − rho)·g²
        step = √(d + epsilon) / √(a + epsilon)·g
        d = rho·d + (1 − rho)·step²
        parameter −= learning_rate·step

    a and d are moving averages of the squares of gradients and of steps: the step has
    the parameter's unit, whatever the loss's is.

    What limits this rung: a temporary per operator, on one thread.

    Shapes: of the first of each (size,), of the second ...

    Args:
        parameters: changed; all of one dtype.
        gradients: of the loss.
        squares: a; changed.
        changes: d; changed.
        learning_rate: at least 0.
        rho: decay of a and d per step, [0, 1].
        epsilon: greater than 0.

    Reference: Zeiler (2012), "ADADELTA: an adaptive learning rate method", algorithm
    1; `keras/src/optimizers/adadelta.py`.
    """
    for parameter, gradient, a, d in zip(
        parameters, gradients, squares, changes, strict=True
    ):
        cast = parameter.dtype.type
        a *= cast(rho)
        a += cast(1 - rho) * np.square(gradient)
        root = np.sqrt(d + cast(epsilon))
        step = root * gradient / np.sqrt(a + cast(epsilon))
        d *= cast(rho)
        d += cast(1 - rho) * np.square(step)
        parameter -= cast(learning_rate) * step


def adadelta_update_loops(
    parameters, gradients, squares, changes, learning_rate, rho, epsilon
):
    """Take a step of Adadelta.

    Against `reference`: one pass over all arrays, spread over threads as in
    `adam_update_loops`; subnormal numbers count as 0. What limits this rung: memory,
    28 bytes per number in float32.

    Shapes and arguments as in `adadelta_update_reference`.
    """
    rates = learning_rate, rho, 1 - rho, epsilon
    update_together(_adadelta, (parameters, gradients, squares, changes), rates)


@in_chunks
def _adadelta(arrays, rates, flags):
    parameter, gradient, squares, changes, _ = arrays
    learning_rate, rho, rest, epsilon = rates[0], rates[1], rates[2], rates[3]
    for i in range(parameter.size):
        g = gradient[i]
        a = rho * squares[i] + rest * (g * g)
        step = math.sqrt(changes[i] + epsilon) * g / math.sqrt(a + epsilon)
        squares[i] = a
        changes[i] = rho * changes[i] + rest * (step * step)
        parameter[i] -= learning_rate * step


adadelta_update = ladder(adadelta_update_reference, adadelta_update_loops)
