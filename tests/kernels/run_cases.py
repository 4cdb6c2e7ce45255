"""Run cases in a process of their own, for settings that Numba reads at its start.

python -m tests.kernels.run_cases check      compare rungs with the reference
python -m tests.kernels.run_cases digests    print a hash of every result, for
                                             1, 2 and 4 threads, as JSON
"""

import hashlib
import json
import sys
import warnings

import numpy as np

# BLAS fixes the order of its sums, and may choose another for each number of threads.
ON_BLAS = {"blas", "im2col"}

# The tile's machine code is written by itself: Numba can neither check its bounds nor
# run it as Python.
ON_TILES = {"direct"}


def smallest_but_one(options):
    return options[min(1, len(options) - 1)]


def check():
    from scratchnet.kernels import OPERATIONS
    from tests.kernels.cases import CASES

    count = 0
    for name, operation in OPERATIONS.items():
        for rung, implementation in operation.rungs.items():
            if rung in {"reference"} | ON_TILES:
                continue
            # Windows of 2 x 2: padded, and then at random with strides and gaps.
            rng = np.random.default_rng(4)
            CASES[name](smallest_but_one, rng, np.float32).check(
                implementation, read_only=True
            )
            for seed in range(3):
                rng = np.random.default_rng(seed)

                def pick(options, rng=rng):
                    return options[rng.integers(min(3, len(options)))]

                CASES[name](pick, rng, np.float32).check(implementation, read_only=True)
                count += 1
    print(json.dumps({"checked": count}))


def digests():
    import numba

    from scratchnet.kernels import OPERATIONS
    from tests.kernels.cases import CASES

    found = {}
    for name, operation in OPERATIONS.items():
        for rung in operation.rungs.keys() - ON_BLAS:
            for threads in (1, 2, 4):
                numba.set_num_threads(threads)
                case = CASES[name](
                    lambda options: options[-1], np.random.default_rng(5), np.float32
                )
                results, returned = case.run(operation.rungs[rung])
                digest = hashlib.sha256(repr(returned).encode())
                for result in results.values():
                    digest.update(result.tobytes())
                found.setdefault(f"{name}-{rung}", []).append(digest.hexdigest())
    print(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("error")
    {"check": check, "digests": digests}[sys.argv[1]]()
