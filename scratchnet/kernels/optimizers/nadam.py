"""Adam with Nesterov's momentum."""

import math

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.optimizers.together import in_chunks, update_together


def nadam_update_reference(
    parameters,
    gradients,
    momenta,
    velocities,
    learning_rate,
    of_momentum,
    of_gradient,
    correction,
    beta_1,
    beta_2,
    epsilon,
):
    """Take a step of Nadam.

        m += (g − m)·(1 − beta_1)
        v += (g² − v)·(1 − beta_2)
        ahead = of_momentum·m + of_gradient·g
        parameter −= learning_rate·ahead / (√(v / correction) + epsilon)

    What limits this rung: a temporary per operator, on one thread.

    Shapes: of the first of each (size,), of the second ...

    Args:
        parameters: changed; all of one dtype.
        gradients: of the loss.
        momenta: m; changed.
        velocities: v; changed.
        learning_rate: at least 0.
        of_momentum: share of m in the step, corrected for m that started at 0.
        of_gradient: share of g in the step, likewise.
        correction: 1 − beta_2ᵗ at the t-th step, for v that started at 0.
        beta_1: decay of m per step, [0, 1).
        beta_2: decay of v per step, [0, 1).
        epsilon: greater than 0.

    Reference: Dozat (2016), "Incorporating Nesterov momentum into Adam", algorithm 2;
    `keras/src/optimizers/nadam.py`.
    """
    for parameter, gradient, m, v in zip(
        parameters, gradients, momenta, velocities, strict=True
    ):
        cast = parameter.dtype.type
        m += (gradient - m) * cast(1 - beta_1)
        v += (np.square(gradient) - v) * cast(1 - beta_2)
        ahead = cast(of_momentum) * m + cast(of_gradient) * gradient
        root = np.sqrt(v / cast(correction)) + cast(epsilon)
        parameter -= cast(learning_rate) * ahead / root


def nadam_update_loops(
    parameters,
    gradients,
    momenta,
    velocities,
    learning_rate,
    of_momentum,
    of_gradient,
    correction,
    beta_1,
    beta_2,
    epsilon,
):
    """Take a step of Nadam.

    Against `reference`: one pass over all arrays, spread over threads as in
    `adam_update_loops`; subnormal numbers count as 0. What limits this rung: memory,
    28 bytes per number in float32.

    Shapes and arguments as in `nadam_update_reference`.
    """
    rates = (
        learning_rate,
        of_momentum,
        of_gradient,
        correction,
        1 - beta_1,
        1 - beta_2,
        epsilon,
    )
    update_together(_nadam, (parameters, gradients, momenta, velocities), rates)


@in_chunks
def _nadam(arrays, rates, flags):
    parameter, gradient, momentum, velocity, _ = arrays
    learning_rate, of_momentum, of_gradient = rates[0], rates[1], rates[2]
    correction, rate_1, rate_2, epsilon = rates[3], rates[4], rates[5], rates[6]
    for i in range(parameter.size):
        g = gradient[i]
        m = momentum[i] + (g - momentum[i]) * rate_1
        v = velocity[i] + (g * g - velocity[i]) * rate_2
        momentum[i] = m
        velocity[i] = v
        ahead = of_momentum * m + of_gradient * g
        parameter[i] -= learning_rate * ahead / (math.sqrt(v / correction) + epsilon)


nadam_update = ladder(nadam_update_reference, nadam_update_loops)
