"""Statistics of chunks put together, and the factor that they normalise by."""

import numpy as np

from scratchnet.kernels.machine.compile import compiled


def reciprocal_deviation(variance, epsilon):
    """Return 1/√(variance + epsilon)."""
    return 1 / np.sqrt(variance + variance.dtype.type(epsilon))


@compiled
def merge_statistics(means, deviations, rows, M, mean, variance):
    """Write mean and variance of M rows, given those of chunks of ``rows`` each.

    Shapes: means, deviations (chunks, C); mean, variance (C,).

    Args:
        means: each chunk's.
        deviations: each chunk's sums of squared deviations from its mean.
        rows: in a chunk; the last one may have fewer.
        M: rows in all.
        mean: written.
        variance: written.
    """
    for c in range(len(mean)):
        total_mean = np.float64(means[0, c])
        total = np.float64(deviations[0, c])
        for chunk in range(1, len(means)):
            before = chunk * rows
            count = min(M, before + rows) - before
            delta = means[chunk, c] - total_mean
            share = count / (before + count)
            total_mean += delta * share
            total += deviations[chunk, c] + delta * delta * before * share
        mean[c] = total_mean
        variance[c] = total / M
