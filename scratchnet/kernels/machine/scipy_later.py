"""SciPy, imported when compiled code needs it, not before.

Before Numba runs its first function it imports `scipy.linalg`, to see whether there is
a BLAS for compiled code that multiplies matrices by ``@``. No kernel does; and with
a second OpenBLAS, SciPy takes time and 18 MiB (`benchmarks/README.md`).
"""

import importlib.util
import sys

# The module of Numba that imports SciPy when it is imported itself.
ASKING = "numba.np.arraymath"


def import_scipy_later():
    """Let Numba see that SciPy is installed without importing it.

    To be called before Numba runs its first function. A function of anybody's that
    multiplies matrices imports SciPy when it is compiled, as Numba checks there again.
    """
    if ASKING in sys.modules:
        return
    import numba.np.linalg as linalg

    check = getattr(linalg, "ensure_blas", None)
    if check is None:  # another version of Numba
        return
    linalg.ensure_blas = _look_for_scipy
    try:
        importlib.import_module(ASKING)
    finally:
        linalg.ensure_blas = check


def _look_for_scipy():
    if importlib.util.find_spec("scipy") is None:
        raise ImportError("scipy is not installed")
