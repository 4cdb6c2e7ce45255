"""A moving average of parameters, step by step."""

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled
from scratchnet.kernels.machine.workers import take
from scratchnet.kernels.optimizers.together import pieces, update_together


def moving_average_reference(averages, parameters, momentum):
    """Move averages towards parameters: a = momentum·a + (1 − momentum)·parameter.

    What limits this rung: two temporaries, on one thread.

    Shapes: of the first of each (size,), of the second ...

    Args:
        averages: a; changed; all of one dtype.
        parameters: what is averaged.
        momentum: share of a that stays, [0, 1].

    Reference: Polyak & Juditsky (1992), "Acceleration of stochastic approximation by
    averaging"; `keras/src/optimizers/base_optimizer.py`.
    """
    for average, parameter in zip(averages, parameters, strict=True):
        cast = average.dtype.type
        average *= cast(momentum)
        average += cast(1 - momentum) * parameter


def moving_average_loops(averages, parameters, momentum):
    """Move averages towards parameters.

    Against `reference`: one pass, spread over threads as in `adam_update_loops`. What
    limits this rung: memory, 12 bytes per number in float32.

    Shapes and arguments as in `moving_average_reference`.
    """
    update_together(_moving_average, (averages, parameters), (momentum, 1 - momentum))


@compiled
def _moving_average(worker, waiting, tables, counts, flags):
    """Update chunk after chunk until none is left."""
    momentum, rest = tables[0][0], tables[0][1]
    task = take(waiting, worker, counts[1])
    while task < counts[1]:
        average, parameter, _, _, _ = pieces(task, tables, counts)
        for i in range(average.size):
            average[i] = momentum * average[i] + rest * parameter[i]
        task = take(waiting, worker, counts[1])


moving_average = ladder(moving_average_reference, moving_average_loops)
