"""Gradient descent, and with momentum."""

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled
from scratchnet.kernels.machine.subnormals import flush_subnormals, restore


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


sgd_update = ladder(sgd_update_reference, sgd_update_loops)
sgd_momentum_update = ladder(sgd_momentum_update_reference, sgd_momentum_update_loops)
