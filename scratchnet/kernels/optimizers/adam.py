"""Adam, and its variant AMSGrad."""

import math

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.optimizers.together import in_chunks, update_together


def adam_update_reference(
    parameters,
    gradients,
    momenta,
    velocities,
    highest,
    alpha,
    beta_1,
    beta_2,
    epsilon,
):
    """Take a step of Adam.

        m += (g − m)·(1 − beta_1)
        v += (g² − v)·(1 − beta_2)
        parameter −= m·alpha / (√v + epsilon)

    m and v are moving averages of gradient and squared gradient. That they start at
    0 is corrected in ``alpha`` = learning_rate·√(1 − beta_2ᵗ)/(1 − beta_1ᵗ), which the
    caller computes for the t-th step. epsilon is the ε̂ before the paper's section
    2.1: outside of the root, and without that correction.

    AMSGrad divides by the root of the highest v so far instead.

    What limits this rung: a temporary per operator, on one thread.

    Shapes: of the first of each (size,), of the second ...

    Args:
        parameters: changed; all of one dtype.
        gradients: of the loss.
        momenta: m; changed.
        velocities: v; changed.
        highest: the highest v so far; changed. None are kept in ().
        alpha: step size after bias correction, greater than 0.
        beta_1: decay of m per step, [0, 1).
        beta_2: decay of v per step, [0, 1).
        epsilon: greater than 0.

    Reference: Kingma & Ba (2015), "Adam: a method for stochastic optimization",
    algorithm 1; Reddi et al. (2018), "On the convergence of Adam and beyond",
    algorithm 2; `keras/src/optimizers/adam.py`.
    """
    for i, (parameter, gradient, m, v) in enumerate(
        zip(parameters, gradients, momenta, velocities, strict=True)
    ):
        cast = parameter.dtype.type
        m += (gradient - m) * cast(1 - beta_1)
        v += (np.square(gradient) - v) * cast(1 - beta_2)
        below = np.maximum(highest[i], v, out=highest[i]) if highest else v
        parameter -= m * cast(alpha) / (np.sqrt(below) + cast(epsilon))


def adam_update_loops(
    parameters,
    gradients,
    momenta,
    velocities,
    highest,
    alpha,
    beta_1,
    beta_2,
    epsilon,
):
    """Take a step of Adam.

    Against `reference`: one pass over four arrays, and the chunks of all parameters
    spread over threads at once; subnormal numbers count as 0. What limits this rung:
    memory, 28 bytes per number in float32, and 8 for AMSGrad's.

    Shapes and arguments as in `adam_update_reference`.
    """
    columns = parameters, gradients, momenta, velocities
    rates = alpha, 1 - beta_1, 1 - beta_2, epsilon
    if highest:
        update_together(_amsgrad, (*columns, highest), rates)
    else:
        update_together(_adam, columns, rates)


@in_chunks
def _adam(arrays, rates, flags):
    parameter, gradient, momentum, velocity, _ = arrays
    alpha, rate_1, rate_2, epsilon = rates[0], rates[1], rates[2], rates[3]
    for i in range(parameter.size):
        g = gradient[i]
        m = momentum[i] + (g - momentum[i]) * rate_1
        v = velocity[i] + (g * g - velocity[i]) * rate_2
        momentum[i] = m
        velocity[i] = v
        parameter[i] -= m * alpha / (math.sqrt(v) + epsilon)


@in_chunks
def _amsgrad(arrays, rates, flags):
    parameter, gradient, momentum, velocity, highest = arrays
    alpha, rate_1, rate_2, epsilon = rates[0], rates[1], rates[2], rates[3]
    for i in range(parameter.size):
        g = gradient[i]
        m = momentum[i] + (g - momentum[i]) * rate_1
        v = velocity[i] + (g * g - velocity[i]) * rate_2
        momentum[i] = m
        velocity[i] = v
        v = max(highest[i], v)
        highest[i] = v
        parameter[i] -= m * alpha / (math.sqrt(v) + epsilon)


adam_update = ladder(adam_update_reference, adam_update_loops)
