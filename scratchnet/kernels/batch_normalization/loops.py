"""Batch normalisation, rung 1: few passes over memory, compiled by Numba.

Against `reference`: rows are cut into chunks that fit a core's cache, and a chunk's
statistics are computed in two passes over the cached rows. Chunks are then merged
in order, by the exact formula for the union of two samples: with counts n₁, n₂, means
μ₁, μ₂ and sums of squared deviations S₁, S₂,

    δ = μ₂ − μ₁,  n = n₁ + n₂,  μ = μ₁ + δ·n₂/n,  S = S₁ + S₂ + δ²·n₁·n₂/n

So x comes from memory twice (statistics, output) in forward, x and dy twice in
backward, and there are no temporaries. What limits this rung: those passes.

Chunks depend on the shape alone, so any number of threads gives the same bits.

Reference: Chan, Golub & LeVeque (1983), "Algorithms for computing the sample
variance", equation 2.1.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.batch_normalization.statistics import (
    merge_statistics,
    reciprocal_deviation,
)
from scratchnet.kernels.machine.compile import compiled, parallel
from scratchnet.kernels.machine.silence import silent

# Elements of a chunk: 128 KiB of float32, which stay in the second-level cache. Up
# to that size there is one chunk, for which no thread is worth waking.
CHUNK = 1 << 15


def batch_normalization_forward_loops(x, gamma, beta, epsilon, y, mean, variance):
    """Normalise by the batch's own mean and variance, and return those too.

    Shapes and arguments as in `batch_normalization_forward_reference`.
    """
    batch_normalization_statistics_loops(x, mean, variance)
    batch_normalization_inference_loops(x, gamma, beta, mean, variance, epsilon, y)


@silent
def batch_normalization_inference_loops(
    x, gamma, beta, moving_mean, moving_variance, epsilon, y
):
    """Compute y = (x − mean)·scale + beta, with a scale made once per channel.

    Subtracting first loses no digits where the mean is large; that it is one
    operation more than x·scale + offset costs nothing next to reading memory.

    Shapes and arguments as in `batch_normalization_inference_reference`.
    """
    scale = gamma * reciprocal_deviation(moving_variance, epsilon)
    _normalize(x, moving_mean, scale, beta, y)


@silent
def batch_normalization_backward_loops(
    x, mean, variance, gamma, epsilon, dy, dx, d_gamma, d_beta
):
    """Compute dx = gamma·r·(dy − d_beta/M − x̂·d_gamma/M), d_gamma and d_beta.

    Shapes and arguments as in `batch_normalization_backward_reference`.
    """
    r = reciprocal_deviation(variance, epsilon)
    _parameter_gradients(x, mean, r, dy, d_gamma, d_beta)
    slope = r * d_gamma / len(x)
    _input_gradient(x, mean, slope, dy, d_beta / len(x), gamma * r, dx)


@silent
def batch_normalization_backward_inference_loops(
    x, moving_mean, moving_variance, gamma, epsilon, dy, dx, d_gamma, d_beta
):
    """Compute dx = gamma·r·dy, d_gamma and d_beta; mean and variance are constants.

    Shapes and arguments as in `batch_normalization_backward_inference_reference`.
    """
    r = reciprocal_deviation(moving_variance, epsilon)
    _parameter_gradients(x, moving_mean, r, dy, d_gamma, d_beta)
    np.multiply(dy, gamma * r, out=dx)


# The passes over memory. Each is a serial loop over rows, then its parallel form.


@compiled
def _statistics_of_rows(x, mean, deviations):
    M, C = x.shape
    for c in range(C):
        mean[c] = 0
        deviations[c] = 0
    for m in range(M):
        for c in range(C):
            mean[c] += x[m, c]
    for c in range(C):
        mean[c] /= M
    for m in range(M):
        for c in range(C):
            deviation = x[m, c] - mean[c]
            deviations[c] += deviation * deviation


@parallel
def batch_normalization_statistics_loops(x, mean, variance):
    """Compute each channel's mean and variance, chunk by chunk, merged in order.

    Shapes and arguments as in `batch_normalization_statistics_reference`.
    """
    M, C = x.shape
    rows = max(1, CHUNK // C)
    chunks = max(1, (M + rows - 1) // rows)
    means = np.empty((chunks, C), np.float64)
    deviations = np.empty((chunks, C), np.float64)
    if chunks == 1:
        _statistics_of_rows(x, means[0], deviations[0])
    else:
        for chunk in prange(chunks):
            first = np.intp(chunk) * rows
            last = min(M, first + rows)
            _statistics_of_rows(x[first:last], means[chunk], deviations[chunk])
    merge_statistics(means, deviations, rows, M, mean, variance)


@compiled
def _normalize_rows(x, mean, scale, beta, y):
    M, C = x.shape
    for m in range(M):
        for c in range(C):
            y[m, c] = (x[m, c] - mean[c]) * scale[c] + beta[c]


@parallel
def _normalize(x, mean, scale, beta, y):
    M, C = x.shape
    rows = max(1, CHUNK // C)
    chunks = (M + rows - 1) // rows
    if chunks == 1:
        _normalize_rows(x, mean, scale, beta, y)
    else:
        for chunk in prange(chunks):
            first = np.intp(chunk) * rows
            last = min(M, first + rows)
            _normalize_rows(x[first:last], mean, scale, beta, y[first:last])


@compiled
def _sums_of_rows(x, mean, dy, sums, products):
    M, C = x.shape
    for c in range(C):
        sums[c] = 0
        products[c] = 0
    for m in range(M):
        for c in range(C):
            gradient = np.float64(dy[m, c])
            sums[c] += gradient
            products[c] += gradient * (x[m, c] - mean[c])


@parallel
def _parameter_gradients(x, mean, r, dy, d_gamma, d_beta):
    M, C = x.shape
    rows = max(1, CHUNK // C)
    chunks = max(1, (M + rows - 1) // rows)
    sums = np.empty((chunks, C), np.float64)
    products = np.empty((chunks, C), np.float64)
    if chunks == 1:
        _sums_of_rows(x, mean, dy, sums[0], products[0])
    else:
        for chunk in prange(chunks):
            first = np.intp(chunk) * rows
            last = min(M, first + rows)
            _sums_of_rows(
                x[first:last], mean, dy[first:last], sums[chunk], products[chunk]
            )
    for chunk in range(1, chunks):
        for c in range(C):
            sums[0, c] += sums[chunk, c]
            products[0, c] += products[chunk, c]
    for c in range(C):
        d_beta[c] = sums[0, c]
        d_gamma[c] = products[0, c] * r[c]


@compiled
def _input_gradient_rows(x, mean, slope, dy, offset, scale, dx):
    M, C = x.shape
    for m in range(M):
        for c in range(C):
            centred = dy[m, c] - offset[c] - (x[m, c] - mean[c]) * slope[c]
            dx[m, c] = scale[c] * centred


@parallel
def _input_gradient(x, mean, slope, dy, offset, scale, dx):
    M, C = x.shape
    rows = max(1, CHUNK // C)
    chunks = (M + rows - 1) // rows
    if chunks == 1:
        _input_gradient_rows(x, mean, slope, dy, offset, scale, dx)
    else:
        for chunk in prange(chunks):
            first = np.intp(chunk) * rows
            last = min(M, first + rows)
            _input_gradient_rows(
                x[first:last],
                mean,
                slope,
                dy[first:last],
                offset,
                scale,
                dx[first:last],
            )
