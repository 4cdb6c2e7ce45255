"""Follow the regularised leader."""

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.optimizers.together import in_chunks, update_together


def ftrl_update_reference(
    parameters,
    gradients,
    accumulators,
    linears,
    learning_rate,
    power,
    l1,
    l2,
    shrinkage,
):
    """Take a step of FTRL-Proximal.

        n' = n + g²                       power = −learning_rate_power
        z += g + 2·shrinkage·parameter − (n'^power − n^power) / learning_rate·parameter
        parameter = (clip(z, ±l1) − z) / (n'^power / learning_rate + 2·l2)

    The gradients so far stand in z: the parameter is where their sum, bent by the
    penalties, is least.

    What limits this rung: a temporary per operator, on one thread.

    Shapes: of the first of each (size,), of the second ...

    Args:
        parameters: changed; all of one dtype.
        gradients: of the loss.
        accumulators: n, the sum of all squared gradients; changed.
        linears: z; changed.
        learning_rate: greater than 0.
        power: how fast the step shrinks as n grows, at least 0.
        l1: how far z may be from 0 with a parameter that is 0.
        l2: pulls the parameter to 0.
        shrinkage: pulls to 0 by the gradient alone.

    Reference: McMahan et al. (2013), "Ad click prediction: a view from the trenches",
    algorithm 1; `keras/src/optimizers/ftrl.py`.
    """
    for parameter, gradient, n, z in zip(
        parameters, gradients, accumulators, linears, strict=True
    ):
        cast = parameter.dtype.type
        new = n + np.square(gradient)
        new_power = np.power(new, cast(power))
        sigma = (new_power - np.power(n, cast(power))) / cast(learning_rate)
        z += gradient + cast(2 * shrinkage) * parameter - sigma * parameter
        n[...] = new
        below = new_power / cast(learning_rate) + cast(2 * l2)
        parameter[...] = (np.clip(z, -cast(l1), cast(l1)) - z) / below


def ftrl_update_loops(
    parameters,
    gradients,
    accumulators,
    linears,
    learning_rate,
    power,
    l1,
    l2,
    shrinkage,
):
    """Take a step of FTRL-Proximal.

    Against `reference`: one pass over all arrays, spread over threads as in
    `adam_update_loops`; subnormal numbers count as 0. What limits this rung: memory,
    28 bytes per number in float32.

    Shapes and arguments as in `ftrl_update_reference`.
    """
    rates = learning_rate, power, l1, 2 * l2, 2 * shrinkage
    update_together(_ftrl, (parameters, gradients, accumulators, linears), rates)


@in_chunks
def _ftrl(arrays, rates, flags):
    parameter, gradient, accumulator, linear, _ = arrays
    learning_rate, power, l1 = rates[0], rates[1], rates[2]
    twice_l2, twice_shrinkage = rates[3], rates[4]
    for i in range(parameter.size):
        g, theta, n = gradient[i], parameter[i], accumulator[i]
        new = n + g * g
        new_power = new**power
        z = linear[i] + (g + twice_shrinkage * theta)
        z -= (new_power - n**power) / learning_rate * theta
        accumulator[i] = new
        linear[i] = z
        below = new_power / learning_rate + twice_l2
        parameter[i] = (min(max(z, -l1), l1) - z) / below


ftrl_update = ladder(ftrl_update_reference, ftrl_update_loops)
