"""A logarithm that the compiler can turn into vector instructions; see `exponential`.

    log(1 + e) = 2·artanh(s) = 2 ∑ s²ⁿ⁺¹/(2n + 1), n = 0, 1, 2 …     s = e/(2 + e)

for 0 ≤ e ≤ 1, so that s is at most 1/3: every term is at most a ninth of the one
before, all are positive, and the series ends where the next is below a tenth of the
last bit, after 8 terms in float32 and 17 in float64. NaN stays NaN.
"""

import numpy as np
from numba.extending import overload

from scratchnet.kernels.machine.compile import OPTIONS


def log_one_plus(e):
    """Return log(1 + e) of a float32 or float64 number from 0 to 1."""
    return np.log1p(e)


@overload(log_one_plus, jit_options=OPTIONS)
def _overload_log_one_plus(e):
    number = {32: np.float32, 64: np.float64}[e.bitwidth]
    two = number(2)
    c1, c2, c3, c4, c5, c6, c7, c8 = (number(2 / (2 * n + 1)) for n in range(1, 9))
    c9, c10, c11, c12, c13, c14, c15, c16 = (
        number(2 / (2 * n + 1)) for n in range(9, 17)
    )

    def eight(e):
        s = e / (two + e)
        q = s * s
        tail = c4 + q * (c5 + q * (c6 + q * c7))
        return s * (two + q * (c1 + q * (c2 + q * (c3 + q * tail))))

    def seventeen(e):
        s = e / (two + e)
        q = s * s
        last = c12 + q * (c13 + q * (c14 + q * (c15 + q * c16)))
        tail = c7 + q * (c8 + q * (c9 + q * (c10 + q * (c11 + q * last))))
        middle = c3 + q * (c4 + q * (c5 + q * (c6 + q * tail)))
        return s * (two + q * (c1 + q * (c2 + q * middle)))

    return eight if number is np.float32 else seventeen
