"""Max pooling and the ReLU before it, backward in one.

ReLU's derivative is 1 where its output is above 0, and else 0. Of a pooling window,
only the maximum receives a gradient, so that ReLU lets it pass exactly if the maximum
is above 0:

    dz[n, h, w, c] = dy[n, oh, ow, c]  at the first maximum of its window, if y > 0
                   = 0                 everywhere else

One pass writes what pooling and ReLU would have written in two. The windows lie side
by side (strides = pool_size) without padding; rows and columns that no window
reaches get 0.
"""

from numba import prange

from scratchnet.kernels.compile import parallel
from scratchnet.kernels.pooling.max_pooling import max_pooling_backward_reference
from scratchnet.kernels.simd import (
    fill,
    load,
    store,
    where_equal,
    where_positive,
)
from scratchnet.kernels.tile import vector_lanes


def rectified_pooling_backward_reference(x, y, dy, dz, pool_size):
    """Compute dz from dy, for y = max pooling of x, and x = relu(z).

    Pooling's backward pass, then ReLU's. What limits this rung: it is two passes.

    Shapes: x, dz (N, H, W, C); y, dy (N, OH, OW, C).

    Args:
        x: what ReLU wrote and pooling read.
        y: what pooling wrote.
        dy: gradient of the loss with respect to y.
        dz: written.
        pool_size: rows and columns of a window, and between windows.
    """
    max_pooling_backward_reference(x, y, dy, dz, pool_size, pool_size, (0, 0))
    dz[x <= 0] = 0


@parallel
def rectified_pooling_backward_direct(x, y, dy, dz, pool_size):
    """Compute dz from dy, every element written once.

    Against `reference`: one pass, images spread over threads, a register of channels
    at a time. A channel's gradient waits until a pixel equals the maximum, and is 0
    from then on.
    What limits this rung: memory, for x is read and dz written.

    Shapes and arguments as in `rectified_pooling_backward_reference`.
    """
    N, H, W, C = x.shape
    _, OH, OW, _ = y.shape
    KH, KW = pool_size
    lanes = vector_lanes(x)
    x, y, dy, dz = x.reshape(-1), y.reshape(-1), dy.reshape(-1), dz.reshape(-1)
    for n in prange(N):
        for oh in range(OH):
            for ow in range(OW):
                corner = ((n * H + oh * KH) * W + ow * KW) * C
                pooled = ((n * OH + oh) * OW + ow) * C
                for c in range(0, C, lanes):
                    count = C - c
                    largest = load(y, pooled + c, count)
                    waiting = where_positive(largest, load(dy, pooled + c, count))
                    nothing = fill(x, 0.0)
                    for kh in range(KH):
                        for kw in range(KW):
                            at = corner + (kh * W + kw) * C + c
                            pixel = load(x, at, count)
                            g = where_equal(pixel, largest, waiting, nothing)
                            waiting = where_equal(pixel, largest, nothing, waiting)
                            store(dz, at, count, g)
            start = ((n * H + oh * KH) * W + OW * KW) * C
            for kh in range(KH):
                dz[start + kh * W * C : start + (kh * W + W - OW * KW) * C] = 0
        dz[(n * H + OH * KH) * W * C : (n + 1) * H * W * C] = 0
