"""NumPy's warnings about infinities and NaN, switched off where kernels use NumPy."""

import numpy as np

# A training that diverges overflows by design of the arithmetic, in NumPy as in
# compiled loops, which never warn. Callbacks look for the result; see
# `first_non_finite`.
silent = np.errstate(over="ignore", invalid="ignore")
