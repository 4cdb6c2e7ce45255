"""Normalisation within a sample: every group of its channels to mean 0, variance 1.

x (N, P, C) has P pixels of C channels, in G groups of C/G; M = P·C/G values belong to a
group. With r = 1/√(variance + epsilon), and c a channel of the group g,

    mean[n, g] = 1/M ∑ x        variance[n, g] = 1/M ∑ (x − mean)²
    x̂ = (x − mean)·r            y[n, p, c] = gamma[c]·x̂ + beta[c]

Layer normalisation is the case of one group, and of one pixel where C is all that is
normalised together.

The gradients are derived as for `batch_normalization`, with the group in the place of
the channel's rows, and h = gamma·dy, the gradient of x̂:

    d_beta[c] = ∑ dy    d_gamma[c] = ∑ dy·x̂    dx = r·(h − ∑ h/M − x̂·∑ h·x̂/M)

the first two over n and p, the last two over the group. Sums are kept in float64.

References: Ba, Kiros & Hinton (2016), "Layer normalization"; Wu & He (2018), "Group
normalization".
"""

import numpy as np
from numba import prange

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled, parallel

# Elements handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 14


def group_normalization_forward_reference(
    x, gamma, beta, groups, epsilon, y, mean, variance
):
    """Normalise each group of channels of each sample.

    What limits this rung: a temporary per operator, and one thread.

    Shapes: x, y (N, P, C); gamma, beta (C,); mean, variance (N, groups).

    Args:
        x: values.
        gamma: scale.
        beta: offset.
        groups: how many, a divisor of C.
        epsilon: added to the variance, above 0.
        y: written.
        mean: written.
        variance: written; biased, the mean of squared deviations.
    """
    N, P, C = x.shape
    own = x.reshape(N, P, groups, C // groups)
    mean[...] = own.mean(axis=(1, 3), dtype=np.float64)
    deviations = own - mean[:, None, :, None]
    variance[...] = np.square(deviations).mean(axis=(1, 3), dtype=np.float64)
    r = 1 / np.sqrt(variance + x.dtype.type(epsilon))
    y[...] = gamma * (deviations * r[:, None, :, None]).reshape(x.shape) + beta


def group_normalization_backward_reference(
    x, mean, variance, gamma, groups, epsilon, dy, dx, d_gamma, d_beta
):
    """Compute dx = r·(h − ∑ h/M − x̂·∑ h·x̂/M), d_gamma and d_beta.

    What limits this rung: a temporary per operator, and one thread.

    Shapes: x, dy, dx (N, P, C); gamma, d_gamma, d_beta (C,); the rest (N, groups).

    Args:
        x: what forward read.
        mean: what forward wrote.
        variance: what forward wrote.
        gamma: scale.
        groups: as in forward.
        epsilon: as in forward.
        dy: gradient of the loss with respect to y.
        dx: written.
        d_gamma: written.
        d_beta: written.
    """
    N, P, C = x.shape
    shape = N, P, groups, C // groups
    r = (1 / np.sqrt(variance + x.dtype.type(epsilon)))[:, None, :, None]
    normalized = (x.reshape(shape) - mean[:, None, :, None]) * r
    d_beta[...] = dy.sum(axis=(0, 1), dtype=np.float64)
    d_gamma[...] = (dy * normalized.reshape(x.shape)).sum((0, 1), dtype=np.float64)
    h = (dy * gamma).reshape(shape)
    average = h.mean(axis=(1, 3), keepdims=True)
    slope = (h * normalized).mean(axis=(1, 3), keepdims=True)
    dx[...] = (r * (h - average - normalized * slope)).reshape(x.shape)


@compiled
def _forward(x, gamma, beta, groups, epsilon, y, mean, variance):
    N, P, C = x.shape
    width = C // groups
    for n in range(N):
        for g in range(groups):
            first, last = g * width, (g + 1) * width
            total = 0.0
            for p in range(P):
                for c in range(first, last):
                    total += x[n, p, c]
            centre = total / (P * width)
            total = 0.0
            for p in range(P):
                for c in range(first, last):
                    deviation = x[n, p, c] - centre
                    total += deviation * deviation
            mean[n, g], variance[n, g] = centre, total / (P * width)
            r = 1 / np.sqrt(total / (P * width) + epsilon)
            for p in range(P):
                for c in range(first, last):
                    y[n, p, c] = gamma[c] * ((x[n, p, c] - centre) * r) + beta[c]


@parallel
def group_normalization_forward_loops(
    x, gamma, beta, groups, epsilon, y, mean, variance
):
    """Normalise each group of channels of each sample.

    Against `reference`: three walks over a group that lies in the cache, no
    temporaries; samples spread over threads. What limits this rung: sums in float64, a
    number at a time.

    Shapes and arguments as in `group_normalization_forward_reference`.
    """
    N, P, C = x.shape
    size = max(1, CHUNK // max(1, P * C))
    if size >= N:
        _forward(x, gamma, beta, groups, epsilon, y, mean, variance)
    else:
        for chunk in prange((N + size - 1) // size):
            a = np.intp(chunk) * size
            b = a + size
            _forward(
                x[a:b], gamma, beta, groups, epsilon, y[a:b], mean[a:b], variance[a:b]
            )


@compiled
def _backward(x, mean, variance, gamma, groups, epsilon, dy, dx, sums):
    N, P, C = x.shape
    width = C // groups
    for c in range(C):
        sums[0, c] = 0
        sums[1, c] = 0
    for n in range(N):
        for g in range(groups):
            first, last = g * width, (g + 1) * width
            centre = np.float64(mean[n, g])
            r = 1 / np.sqrt(np.float64(variance[n, g]) + epsilon)
            average, slope = 0.0, 0.0
            for p in range(P):
                for c in range(first, last):
                    gradient = np.float64(dy[n, p, c])
                    normalized = (x[n, p, c] - centre) * r
                    sums[0, c] += gradient * normalized
                    sums[1, c] += gradient
                    average += gradient * gamma[c]
                    slope += gradient * gamma[c] * normalized
            average /= P * width
            slope /= P * width
            for p in range(P):
                for c in range(first, last):
                    normalized = (x[n, p, c] - centre) * r
                    h = np.float64(dy[n, p, c]) * gamma[c]
                    dx[n, p, c] = r * (h - average - normalized * slope)


@parallel
def group_normalization_backward_loops(
    x, mean, variance, gamma, groups, epsilon, dy, dx, d_gamma, d_beta
):
    """Compute dx = r·(h − ∑ h/M − x̂·∑ h·x̂/M), d_gamma and d_beta.

    Against `reference`: two walks over a group that lies in the cache, no temporaries;
    samples spread over threads, whose sums are added up in order. What limits this
    rung: sums in float64, a number at a time.

    Shapes and arguments as in `group_normalization_backward_reference`.
    """
    N, P, C = x.shape
    size = max(1, CHUNK // max(1, P * C))
    chunks = max(1, (N + size - 1) // size)
    sums = np.empty((chunks, 2, C), np.float64)
    if chunks == 1:
        _backward(x, mean, variance, gamma, groups, epsilon, dy, dx, sums[0])
    else:
        for chunk in prange(chunks):
            a = np.intp(chunk) * size
            b = a + size
            _backward(
                *(x[a:b], mean[a:b], variance[a:b], gamma, groups, epsilon),
                *(dy[a:b], dx[a:b], sums[chunk]),
            )
    for chunk in range(1, chunks):
        for c in range(C):
            sums[0, 0, c] += sums[chunk, 0, c]
            sums[0, 1, c] += sums[chunk, 1, c]
    for c in range(C):
        d_gamma[c] = sums[0, 0, c]
        d_beta[c] = sums[0, 1, c]


group_normalization_forward = ladder(
    group_normalization_forward_reference, group_normalization_forward_loops
)
group_normalization_backward = ladder(
    group_normalization_backward_reference, group_normalization_backward_loops
)
