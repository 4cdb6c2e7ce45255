"""What kernels can expect of the processor that they are compiled for.

``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` say so for another than the one at hand.
"""

import platform

import numba
from llvmlite import binding


def _features():
    """Return the names of what the processor has beyond the least of its kind."""
    named = numba.config.CPU_FEATURES
    if named is None:
        return {
            name
            for name, is_there in binding.get_host_cpu_features().items()
            if is_there
        }
    return {one[1:] for one in named.split(",") if one.startswith("+")}


FEATURES = _features()

VECTOR_BYTES = 64 if "avx512f" in FEATURES else 32

# Whether a multiplication and an addition are one instruction. Where they are not, a
# fused one is a call of the C library for every number. All processors but x86's from
# before 2013 have it.
HAS_FMA = "fma" in FEATURES or platform.machine().lower() not in ("x86_64", "amd64")


def highest_rung():
    """Return the highest rung of the ladder that this process can run at speed."""
    if numba.config.DISABLE_JIT:  # compiled code is Python, and loops over pixels slow
        return "reference"
    return "winograd" if HAS_FMA else "im2col"  # tiles are fused multiplications
