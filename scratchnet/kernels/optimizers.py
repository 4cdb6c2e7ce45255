"""What an optimizer does to parameters, given their gradients: flat arrays, in place.

Everything is computed in the parameter's type, as Keras does.
"""

import functools
import math

import numpy as np

from scratchnet.kernels.ladder import Operation
from scratchnet.kernels.machine.addresses import addresses, array_at
from scratchnet.kernels.machine.compile import compiled
from scratchnet.kernels.machine.subnormals import flush_subnormals, restore
from scratchnet.kernels.machine.workers import launch, take, workers

# Elements handed to a thread at once.
CHUNK = 1 << 12

# Fewer in all are not worth waking a thread for.
SMALL = 1 << 14


def adam_update_reference(
    parameters, gradients, momenta, velocities, alpha, beta_1, beta_2, epsilon
):
    """Take a step of Adam.

        m += (g − m)·(1 − beta_1)
        v += (g² − v)·(1 − beta_2)
        parameter −= m·alpha / (√v + epsilon)

    m and v are moving averages of gradient and squared gradient. That they start at
    0 is corrected in ``alpha`` = learning_rate·√(1 − beta_2ᵗ)/(1 − beta_1ᵗ), which the
    caller computes for the t-th step. epsilon is the ε̂ before the paper's section
    2.1: outside of the root, and without that correction.

    What limits this rung: a temporary per operator, on one thread.

    Shapes: of the first of each (size,), of the second ...

    Args:
        parameters: changed; all of one dtype.
        gradients: of the loss.
        momenta: m; changed.
        velocities: v; changed.
        alpha: step size after bias correction, greater than 0.
        beta_1: decay of m per step, [0, 1).
        beta_2: decay of v per step, [0, 1).
        epsilon: greater than 0.

    Reference: Kingma & Ba (2015), "Adam: a method for stochastic optimization",
    algorithm 1; `keras/src/optimizers/adam.py`.
    """
    for parameter, gradient, m, v in zip(
        parameters, gradients, momenta, velocities, strict=True
    ):
        cast = parameter.dtype.type
        m += (gradient - m) * cast(1 - beta_1)
        v += (np.square(gradient) - v) * cast(1 - beta_2)
        parameter -= m * cast(alpha) / (np.sqrt(v) + cast(epsilon))


def adam_update_loops(
    parameters, gradients, momenta, velocities, alpha, beta_1, beta_2, epsilon
):
    """Take a step of Adam.

    Against `reference`: one pass over four arrays, and the chunks of all parameters
    spread over threads at once; subnormal numbers count as 0. What limits this rung:
    memory, 28 bytes per number in float32.

    Shapes and arguments as in `adam_update_reference`.
    """
    rates = alpha, 1 - beta_1, 1 - beta_2, epsilon
    _update_together(_adam, (parameters, gradients, momenta, velocities), rates)


def _update_together(work, columns, rates, *flags):
    """Spread the chunks of all parameters over threads.

    Args:
        work: compiled; what a worker does.
        columns: of all parameters the first array, of all the second ...
        rates: numbers, which ``work`` gets in the parameters' dtype.
        flags: more numbers for ``work``, behind those of parameters and of chunks.
    """
    parameters = columns[0]
    if not parameters:
        return
    sizes, chunks, total = _chunks(tuple([parameter.size for parameter in parameters]))
    places = addresses([array for column in columns for array in column])
    tables = np.array(rates, parameters[0].dtype), places, sizes, chunks
    count = 1 if total <= SMALL else workers()
    launch(work, count, tables, (len(sizes), chunks[-1], *flags), ())


@functools.lru_cache(maxsize=256)
def _chunks(sizes):
    """Return the sizes, the chunks of parameters up to each one, and all numbers."""
    chunks = np.cumsum([-(-size // CHUNK) for size in sizes], dtype=np.int64)
    return np.array(sizes, np.int64), chunks, sum(sizes)


@compiled
def _adam(worker, waiting, tables, counts, nothing):
    """Update chunk after chunk until none is left.

    ``tables`` has the four rates; the addresses of all parameters, then gradients,
    momenta and velocities; and the parameters' sizes. ``chunks[i]`` counts chunks of
    the parameters up to the i-th.
    """
    rates, places, sizes, chunks = tables
    count, tasks = counts
    task = take(waiting, worker, tasks)
    while task < tasks:
        i, first, last = _place(task, sizes, chunks)
        _adam_chunk(
            array_at(places[i], sizes[i], rates)[first:last],
            array_at(places[count + i], sizes[i], rates)[first:last],
            array_at(places[2 * count + i], sizes[i], rates)[first:last],
            array_at(places[3 * count + i], sizes[i], rates)[first:last],
            rates,
        )
        task = take(waiting, worker, tasks)


@compiled
def _place(task, sizes, chunks):
    """Return which parameter a chunk is of, and where it begins and ends there."""
    i = 0
    while task >= chunks[i]:
        i += 1
    first = (task - (chunks[i - 1] if i > 0 else 0)) * CHUNK
    return i, first, min(sizes[i], first + CHUNK)


@compiled
def _adam_chunk(parameter, gradient, momentum, velocity, rates):
    alpha, rate_1, rate_2, epsilon = rates[0], rates[1], rates[2], rates[3]
    before = flush_subnormals()
    for i in range(parameter.size):
        g = gradient[i]
        m = momentum[i] + (g - momentum[i]) * rate_1
        v = velocity[i] + (g * g - velocity[i]) * rate_2
        momentum[i] = m
        velocity[i] = v
        parameter[i] -= m * alpha / (math.sqrt(v) + epsilon)
    restore(before)


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
    _update_together(_rmsprop, columns, rates, *kept)


@compiled
def _rmsprop(worker, waiting, tables, counts, nothing):
    """Update chunk after chunk until none is left; ``tables`` as in `_adam`."""
    rates, places, sizes, chunks = tables
    count, tasks, with_momentum, centered = counts
    task = take(waiting, worker, tasks)
    while task < tasks:
        i, first, last = _place(task, sizes, chunks)
        _rmsprop_chunk(
            array_at(places[i], sizes[i], rates)[first:last],
            array_at(places[count + i], sizes[i], rates)[first:last],
            array_at(places[2 * count + i], sizes[i], rates)[first:last],
            array_at(places[3 * count + i], sizes[i], rates)[first:last],
            array_at(places[4 * count + i], sizes[i], rates)[first:last],
            rates,
            with_momentum,
            centered,
        )
        task = take(waiting, worker, tasks)


@compiled
def _rmsprop_chunk(
    parameter, gradient, velocity, momenta, average, rates, with_momentum, centered
):
    learning_rate, rho, rest = rates[0], rates[1], rates[2]
    momentum, epsilon = rates[3], rates[4]
    before = flush_subnormals()
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
    restore(before)


def sgd_update_reference(parameter, gradient, learning_rate):
    """Take a step of gradient descent: parameter −= learning_rate·gradient.

    What limits this rung: a temporary, on one thread.

    Shapes: all (size,).

    Args:
        parameter: changed.
        gradient: of the loss.
        learning_rate: at least 0.
    """
    parameter -= parameter.dtype.type(learning_rate) * gradient


def sgd_update_loops(parameter, gradient, learning_rate):
    """Take a step of gradient descent.

    Against `reference`: no temporary. What limits this rung: one thread.

    Shapes and arguments as in `sgd_update_reference`.
    """
    _sgd(parameter, gradient, parameter.dtype.type(learning_rate))


@compiled
def _sgd(parameter, gradient, learning_rate):
    for i in range(parameter.size):
        parameter[i] -= learning_rate * gradient[i]


def sgd_momentum_update_reference(
    parameter, gradient, momentum_buffer, learning_rate, momentum, nesterov
):
    """Take a step of gradient descent with momentum.

        m = momentum·m − learning_rate·g
        parameter += m,  or, with Nesterov's: momentum·m − learning_rate·g

    What limits this rung: a temporary per operator, on one thread.

    Shapes: all (size,).

    Args:
        parameter: changed.
        gradient: of the loss.
        momentum_buffer: m; changed.
        learning_rate: at least 0.
        momentum: fraction of m that a step keeps, [0, 1].
        nesterov: whether to look ahead by one more step of m.

    Reference: Sutskever et al. (2013), "On the importance of initialization and
    momentum in deep learning", section 2; `keras/src/optimizers/sgd.py`.
    """
    cast = parameter.dtype.type
    step = cast(learning_rate) * gradient
    momentum_buffer *= cast(momentum)
    momentum_buffer -= step
    if nesterov:
        parameter += cast(momentum) * momentum_buffer - step
    else:
        parameter += momentum_buffer


def sgd_momentum_update_loops(
    parameter, gradient, momentum_buffer, learning_rate, momentum, nesterov
):
    """Take a step of gradient descent with momentum.

    Against `reference`: one pass over the three arrays; subnormal numbers count as 0,
    as in `adam_update_loops`. What limits this rung: one thread.

    Shapes and arguments as in `sgd_momentum_update_reference`.
    """
    cast = parameter.dtype.type
    rates = cast(learning_rate), cast(momentum)
    _sgd_momentum(parameter, gradient, momentum_buffer, *rates, bool(nesterov))


@compiled
def _sgd_momentum(
    parameter, gradient, momentum_buffer, learning_rate, momentum, nesterov
):
    before = flush_subnormals()
    for i in range(parameter.size):
        step = learning_rate * gradient[i]
        m = momentum * momentum_buffer[i] - step
        momentum_buffer[i] = m
        parameter[i] += momentum * m - step if nesterov else m
    restore(before)


adam_update = Operation(
    "adam_update", reference=adam_update_reference, loops=adam_update_loops
)
rmsprop_update = Operation(
    "rmsprop_update", reference=rmsprop_update_reference, loops=rmsprop_update_loops
)
sgd_update = Operation(
    "sgd_update", reference=sgd_update_reference, loops=sgd_update_loops
)
sgd_momentum_update = Operation(
    "sgd_momentum_update",
    reference=sgd_momentum_update_reference,
    loops=sgd_momentum_update_loops,
)
