"""RMSprop."""

import math

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.optimizers.together import in_chunks, update_together


def rmsprop_update_reference(
    parameters,
    gradients,
    velocities,
    momenta,
    average_gradients,
    learning_rate,
    rho,
    momentum,
    epsilon,
):
    """Take a step of RMSprop.

        v = rho·v + (1 − rho)·g²
        a = rho·a + (1 − rho)·g
        step = learning_rate·g / √(v − a² + epsilon)
        m = momentum·m + step
        parameter −= m

    v and a are moving averages of squared gradient and gradient, v − a² is the
    gradient's variance. Where a is not kept it counts as 0, where m is not kept the
    step is taken as it is.

    What limits this rung: a temporary per operator, on one thread.

    Shapes: of the first of each (size,), of the second ...

    Args:
        parameters: changed; all of one dtype.
        gradients: of the loss.
        velocities: v; changed.
        momenta: m; changed. None are kept in ().
        average_gradients: a; changed. None are kept in ().
        learning_rate: at least 0.
        rho: decay of v and a per step, [0, 1].
        momentum: fraction of m that a step keeps, [0, 1].
        epsilon: greater than 0.

    Reference: Tieleman & Hinton (2012), "Neural networks for machine learning",
    lecture 6.5; `keras/src/optimizers/rmsprop.py`.
    """
    for i, (parameter, gradient, v) in enumerate(
        zip(parameters, gradients, velocities, strict=True)
    ):
        cast = parameter.dtype.type
        v *= cast(rho)
        v += cast(1 - rho) * np.square(gradient)
        variance = v
        if average_gradients:
            a = average_gradients[i]
            a *= cast(rho)
            a += cast(1 - rho) * gradient
            variance = v - np.square(a)
        step = cast(learning_rate) * gradient / np.sqrt(variance + cast(epsilon))
        if momenta:
            m = momenta[i]
            m *= cast(momentum)
            m += step
            step = m
        parameter -= step


def rmsprop_update_loops(
    parameters,
    gradients,
    velocities,
    momenta,
    average_gradients,
    learning_rate,
    rho,
    momentum,
    epsilon,
):
    """Take a step of RMSprop.

    Against `reference`: one pass over all arrays, spread over threads as in
    `adam_update_loops`; subnormal numbers count as 0. What limits this rung: memory, 20
    bytes per number in float32, and 8 each for m and a.

    Shapes and arguments as in `rmsprop_update_reference`.
    """
    columns = (
        parameters,
        gradients,
        velocities,
        momenta or velocities,  # in place of what is not kept: never touched
        average_gradients or velocities,
    )
    rates = learning_rate, rho, 1 - rho, momentum, epsilon
    kept = len(momenta) > 0, len(average_gradients) > 0
    update_together(_rmsprop, columns, rates, *kept)


@in_chunks
def _rmsprop(arrays, rates, flags):
    parameter, gradient, velocity, momenta, average = arrays
    with_momentum, centered = flags
    learning_rate, rho, rest = rates[0], rates[1], rates[2]
    momentum, epsilon = rates[3], rates[4]
    for i in range(parameter.size):
        g = gradient[i]
        v = rho * velocity[i] + rest * (g * g)
        velocity[i] = v
        if centered:
            a = rho * average[i] + rest * g
            average[i] = a
            v -= a * a
        step = learning_rate * g / math.sqrt(v + epsilon)
        if with_momentum:
            step += momentum * momenta[i]
            momenta[i] = step
        parameter[i] -= step


rmsprop_update = ladder(rmsprop_update_reference, rmsprop_update_loops)
