"""Lion."""

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.optimizers.together import in_chunks, update_together


def lion_update_reference(
    parameters, gradients, momenta, learning_rate, beta_1, beta_2
):
    """Take a step of Lion.

        parameter −= learning_rate·sign(beta_1·m + (1 − beta_1)·g)
        m = beta_2·m + (1 − beta_2)·g

    What limits this rung: a temporary per operator, on one thread.

    Shapes: of the first of each (size,), of the second ...

    Args:
        parameters: changed; all of one dtype.
        gradients: of the loss.
        momenta: m; changed.
        learning_rate: at least 0.
        beta_1: share of m in the step's direction, (0, 1].
        beta_2: decay of m per step, [0, 1].

    Reference: Chen et al. (2023), "Symbolic discovery of optimization algorithms",
    algorithm 2; `keras/src/optimizers/lion.py`.
    """
    for parameter, gradient, m in zip(parameters, gradients, momenta, strict=True):
        cast = parameter.dtype.type
        ahead = m * cast(beta_1) + gradient * cast(1 - beta_1)
        parameter -= cast(learning_rate) * np.sign(ahead)
        m *= cast(beta_2)
        m += gradient * cast(1 - beta_2)


def lion_update_loops(parameters, gradients, momenta, learning_rate, beta_1, beta_2):
    """Take a step of Lion.

    Against `reference`: one pass over all arrays, spread over threads as in
    `adam_update_loops`; subnormal numbers count as 0. What limits this rung: memory,
    20 bytes per number in float32.

    Shapes and arguments as in `lion_update_reference`.
    """
    rates = learning_rate, beta_1, 1 - beta_1, beta_2, 1 - beta_2
    update_together(_lion, (parameters, gradients, momenta), rates)


@in_chunks
def _lion(arrays, rates, flags):
    parameter, gradient, momentum, _, _ = arrays
    learning_rate, beta_1, rest_1 = rates[0], rates[1], rates[2]
    beta_2, rest_2 = rates[3], rates[4]
    for i in range(parameter.size):
        g, m = gradient[i], momentum[i]
        ahead = beta_1 * m + rest_1 * g
        parameter[i] -= learning_rate * np.sign(ahead)
        momentum[i] = beta_2 * m + rest_2 * g


lion_update = ladder(lion_update_reference, lion_update_loops)
