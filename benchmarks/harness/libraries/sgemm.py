"""The yardstick: a product of float32 matrices by BLAS."""

from __future__ import annotations

import numpy as np

from benchmarks.harness.turns import Turns


class Sgemm(Turns):
    """NumPy's OpenBLAS on square matrices, with the threads of all others."""

    def measure(self, size: int) -> float:
        """Add the activity ``sgemm``, and return the FLOP of one product."""
        rng = np.random.default_rng(0)
        a, b = (rng.random((size, size), dtype=np.float32) for _ in range(2))
        product = np.empty_like(a)

        def run(steps: int) -> None:
            for _ in range(steps):
                np.matmul(a, b, out=product)

        self.add("sgemm", run)
        return 2.0 * size**3
