"""Dense, rung 2: one product of matrices by BLAS.

Against `loops`: BLAS packs both matrices into blocks that stay in the caches, and
holds a block of the result in registers while it sums.

What limits this rung: for the small matrices of a batch of 64, packing and starting
threads take as long as the arithmetic, and the bias needs a pass of its own. BLAS
fixes the order of the sums: bits are repeatable at one number of threads.
"""

import numpy as np

from scratchnet.kernels.machine.silence import silent


@silent
def dense_forward_blas(x, weight, bias, y):
    """Compute y = x · weight + bias.

    Shapes and arguments as in `dense_forward_reference`.
    """
    np.matmul(x, weight, out=y)
    y += bias


@silent
def dense_backward_weight_blas(x, dy, d_weight, d_bias):
    """Compute d_weight = xᵀ · dy and d_bias = ∑_n dy[n].

    Shapes and arguments as in `dense_backward_weight_reference`.
    """
    np.matmul(x.T, dy, out=d_weight)
    np.sum(dy, axis=0, out=d_bias)


@silent
def dense_backward_input_blas(dy, weight, dx):
    """Compute dx = dy · weightᵀ.

    Shapes and arguments as in `dense_backward_input_reference`.
    """
    np.matmul(dy, weight.T, out=dx)
