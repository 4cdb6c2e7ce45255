"""Products of matrices by BLAS, as the `blas` and `im2col` rungs call it."""

import numpy as np

# Infinities and NaN, as in a training that diverges, pass without a warning in every
# rung; callbacks look for them.
silent = np.errstate(over="ignore", invalid="ignore")


@silent
def multiply(left, right, out):
    """Write left @ right into ``out``; a transposed view costs no copy."""
    np.matmul(left, right, out=out)
