"""Arrays of all parameters, cut into chunks that threads take one by one.

update_together(_work, (parameters, gradients, momenta, ...), rates)

@in_chunks
def _work(arrays, rates, flags):
    parameter, gradient, momentum, _, _ = arrays
    for i in range(parameter.size):
        ...
"""

import functools

import numpy as np

from scratchnet.kernels.machine.addresses import addresses, array_at
from scratchnet.kernels.machine.compile import compiled
from scratchnet.kernels.machine.frames import formula, framed
from scratchnet.kernels.machine.subnormals import flush_subnormals, restore
from scratchnet.kernels.machine.workers import launch, take, workers

# Elements handed to a thread at once.
CHUNK = 1 << 12

# Fewer in all are not worth waking a thread for.
SMALL = 1 << 14


def update_together(work, columns, rates, *flags):
    """Spread the chunks of all parameters over threads.

    Args:
        work: compiled; what a worker does.
        columns: of all parameters the first array, of all the second ... at most five.
        rates: numbers, which ``work`` finds in the parameters' dtype in ``tables[0]``.
        flags: more numbers for ``work``.
    """
    parameters = columns[0]
    if not parameters:
        return
    sizes, chunks, total = _chunks(tuple([parameter.size for parameter in parameters]))
    places = addresses([array for column in columns for array in column])
    tables = np.array(rates, parameters[0].dtype), places, sizes, chunks
    count = 1 if total <= SMALL else workers()
    launch(work, count, tables, (len(sizes), chunks[-1], len(columns)), flags)


@functools.lru_cache(maxsize=256)
def _chunks(sizes):
    """Return the sizes, the chunks of parameters up to each one, and all numbers."""
    chunks = np.cumsum([-(-size // CHUNK) for size in sizes], dtype=np.int64)
    return np.array(sizes, np.int64), chunks, sum(sizes)


@compiled
def pieces(task, tables, counts):
    """Return one chunk of the five arrays of a parameter; of fewer, the last again.

    Args:
        task: the chunk's number among those of all parameters.
        tables: rates; addresses of all first arrays, all second ...; sizes of the
            parameters; and how many chunks there are up to each one.
        counts: how many parameters, chunks and columns there are.
    """
    rates, places, sizes, chunks = tables
    count, _, columns = counts
    i = 0
    while task >= chunks[i]:
        i += 1
    first = (task - (chunks[i - 1] if i > 0 else 0)) * CHUNK
    last = min(sizes[i], first + CHUNK)
    return (
        array_at(places[i], sizes[i], rates)[first:last],
        array_at(places[min(1, columns - 1) * count + i], sizes[i], rates)[first:last],
        array_at(places[min(2, columns - 1) * count + i], sizes[i], rates)[first:last],
        array_at(places[min(3, columns - 1) * count + i], sizes[i], rates)[first:last],
        array_at(places[min(4, columns - 1) * count + i], sizes[i], rates)[first:last],
    )


def _in_chunks(worker, waiting, tables, counts, flags):
    task = take(waiting, worker, counts[1])
    while task < counts[1]:
        arrays = pieces(task, tables, counts)
        before = flush_subnormals()
        formula(arrays, tables[0], flags)
        restore(before)
        task = take(waiting, worker, counts[1])


def in_chunks(update):
    """Compile an update of one chunk into what workers do until none is left.

    Subnormal numbers count as 0 in it.

    Args:
        update: takes five arrays, as `pieces` returns them, the rates, and the flags.
    """
    return framed(_in_chunks, update)
