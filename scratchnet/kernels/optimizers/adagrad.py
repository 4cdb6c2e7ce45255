"""Adagrad."""

import math

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.optimizers.together import in_chunks, update_together


def adagrad_update_reference(
    parameters, gradients, accumulators, learning_rate, epsilon
):
    """Take a step of Adagrad.

        a += g²
        parameter −= learning_rate·g / √(a + epsilon)

    What limits this rung: a temporary per operator, on one thread.

    Shapes: of the first of each (size,), of the second ...

    Args:
        parameters: changed; all of one dtype.
        gradients: of the loss.
        accumulators: a, the sum of all squared gradients; changed.
        learning_rate: at least 0.
        epsilon: greater than 0.

    Reference: Duchi, Hazan & Singer (2011), "Adaptive subgradient methods for online
    learning and stochastic optimization"; `keras/src/optimizers/adagrad.py`.
    """
    for parameter, gradient, accumulator in zip(
        parameters, gradients, accumulators, strict=True
    ):
        cast = parameter.dtype.type
        accumulator += np.square(gradient)
        root = np.sqrt(accumulator + cast(epsilon))
        parameter -= cast(learning_rate) * gradient / root


def adagrad_update_loops(parameters, gradients, accumulators, learning_rate, epsilon):
    """Take a step of Adagrad.

    Against `reference`: one pass over all arrays, spread over threads as in
    `adam_update_loops`; subnormal numbers count as 0. What limits this rung: memory,
    20 bytes per number in float32.

    Shapes and arguments as in `adagrad_update_reference`.
    """
    rates = learning_rate, epsilon
    update_together(_adagrad, (parameters, gradients, accumulators), rates)


@in_chunks
def _adagrad(arrays, rates, flags):
    parameter, gradient, accumulator, _, _ = arrays
    learning_rate, epsilon = rates[0], rates[1]
    for i in range(parameter.size):
        g = gradient[i]
        total = accumulator[i] + g * g
        accumulator[i] = total
        parameter[i] -= learning_rate * g / math.sqrt(total + epsilon)


adagrad_update = ladder(adagrad_update_reference, adagrad_update_loops)
