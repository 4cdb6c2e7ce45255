"""Weight decay: parameters shrink by themselves."""

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled
from scratchnet.kernels.machine.workers import take
from scratchnet.kernels.optimizers.together import pieces, update_together


def weight_decay_reference(parameters, decay, learning_rate):
    """Shrink parameters: parameter −= parameter·decay·learning_rate.

    What limits this rung: two temporaries, on one thread.

    Shapes: (size,) of the first, (size,) of the second ...

    Args:
        parameters: changed; all of one dtype.
        decay: of what a parameter is, the share that a learning rate of 1 takes off.
        learning_rate: at least 0.

    Reference: Loshchilov & Hutter (2019), "Decoupled weight decay regularization",
    algorithm 2; `keras/src/backend/tensorflow/optimizer.py`.
    """
    for parameter in parameters:
        cast = parameter.dtype.type
        parameter -= parameter * cast(decay) * cast(learning_rate)


def weight_decay_loops(parameters, decay, learning_rate):
    """Shrink parameters.

    Against `reference`: one pass, spread over threads as in `adam_update_loops`. What
    limits this rung: memory, 8 bytes per number in float32.

    Shapes and arguments as in `weight_decay_reference`.
    """
    update_together(_weight_decay, (parameters,), (decay, learning_rate))


@compiled
def _weight_decay(worker, waiting, tables, counts, flags):
    """Update chunk after chunk until none is left."""
    decay, learning_rate = tables[0][0], tables[0][1]
    task = take(waiting, worker, counts[1])
    while task < counts[1]:
        parameter, _, _, _, _ = pieces(task, tables, counts)
        for i in range(parameter.size):
            parameter[i] -= parameter[i] * decay * learning_rate
        task = take(waiting, worker, counts[1])


weight_decay = ladder(weight_decay_reference, weight_decay_loops)
