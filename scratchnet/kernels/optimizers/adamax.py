"""Adamax."""

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.optimizers.together import in_chunks, update_together


def adamax_update_reference(
    parameters,
    gradients,
    momenta,
    norms,
    learning_rate,
    correction,
    beta_1,
    beta_2,
    epsilon,
):
    """Take a step of Adamax.

        m += (g − m)·(1 − beta_1)
        u = max(beta_2·u, |g|)
        parameter −= learning_rate·m / (correction·(u + epsilon))

    Adam with the largest gradient of late in the place of the mean square.

    What limits this rung: a temporary per operator, on one thread.

    Shapes: of the first of each (size,), of the second ...

    Args:
        parameters: changed; all of one dtype.
        gradients: of the loss.
        momenta: m; changed.
        norms: u; changed.
        learning_rate: at least 0.
        correction: 1 − beta_1ᵗ at the t-th step, for m that started at 0.
        beta_1: decay of m per step, [0, 1).
        beta_2: decay of u per step, [0, 1).
        epsilon: greater than 0.

    Reference: Kingma & Ba (2015), "Adam: a method for stochastic optimization",
    algorithm 2; `keras/src/optimizers/adamax.py`.
    """
    for parameter, gradient, m, u in zip(
        parameters, gradients, momenta, norms, strict=True
    ):
        cast = parameter.dtype.type
        m += (gradient - m) * cast(1 - beta_1)
        np.maximum(cast(beta_2) * u, np.abs(gradient), out=u)
        below = cast(correction) * (u + cast(epsilon))
        parameter -= cast(learning_rate) * m / below


def adamax_update_loops(
    parameters,
    gradients,
    momenta,
    norms,
    learning_rate,
    correction,
    beta_1,
    beta_2,
    epsilon,
):
    """Take a step of Adamax.

    Against `reference`: one pass over all arrays, spread over threads as in
    `adam_update_loops`; subnormal numbers count as 0. What limits this rung: memory,
    28 bytes per number in float32.

    Shapes and arguments as in `adamax_update_reference`.
    """
    rates = learning_rate, correction, 1 - beta_1, beta_2, epsilon
    update_together(_adamax, (parameters, gradients, momenta, norms), rates)


@in_chunks
def _adamax(arrays, rates, flags):
    parameter, gradient, momentum, norm, _ = arrays
    learning_rate, correction, rest = rates[0], rates[1], rates[2]
    beta_2, epsilon = rates[3], rates[4]
    for i in range(parameter.size):
        g = gradient[i]
        m = momentum[i] + (g - momentum[i]) * rest
        u = max(beta_2 * norm[i], abs(g))
        momentum[i] = m
        norm[i] = u
        parameter[i] -= learning_rate * m / (correction * (u + epsilon))


adamax_update = ladder(adamax_update_reference, adamax_update_loops)
