"""Run cases in a process of their own, for settings that Numba reads at its start.

python -m tests.kernels.run_cases check      compare rungs with the reference
python -m tests.kernels.run_cases digests    print a hash of every result, for
                                             1 and 3 threads, and for a child
                                             that has none of them, as JSON
"""

import functools
import hashlib
import json
import multiprocessing
import os
import sys
import warnings

import numpy as np

# BLAS fixes the order of its sums, and may choose another for each number of threads.
ON_BLAS = {"blas", "im2col"}

# Tiles and vector registers are machine code written by itself: Numba can neither check
# its bounds nor run it as Python.
ON_TILES = {"direct", "winograd"}


def last(options):
    return options[-1]


def last_but_one(options):
    return options[-2]


# Large sizes: convolutions that suit `winograd`, and others.
LARGE = (last, last_but_one)


def second(options):
    return options[min(1, len(options) - 1)]


def one_of_three(rng):
    """Choose small sizes only: as Python, the loops are slow."""
    return lambda options: options[rng.integers(min(3, len(options)))]


# Operations with more to an index than counting up.
WITH_INDICES = ("convolution", "pooling", "dense", "batch_norm", "gather", "finite")


# Operations that take arrays at their addresses and switch subnormal numbers off in the
# processor, which Python can't.
WITH_ADDRESSES = {
    *("adam_update", "rmsprop_update", "sgd_momentum_update", "adagrad_update"),
    *("adadelta_update", "adamax_update", "nadam_update", "lion_update", "ftrl_update"),
    *("weight_decay", "moving_average"),
}


def without_warnings(implementation):
    """Say nothing of an infinity that is not taken, as compiled code does."""

    @functools.wraps(implementation)
    def run(*arguments, **named):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return implementation(*arguments, **named)

    return run


def check():
    import numba

    from scratchnet.kernels import OPERATIONS
    from tests.kernels.cases import CASES

    checked = []
    for name, operation in OPERATIONS.items():
        if numba.config.BOUNDSCHECK and not any(part in name for part in WITH_INDICES):
            continue  # compiling takes long, and checked code is not cached
        if numba.config.DISABLE_JIT and name in WITH_ADDRESSES:
            continue
        for rung in operation.rungs.keys() - {"reference"} - ON_TILES:
            implementation = operation.rungs[rung]
            if numba.config.DISABLE_JIT:
                implementation = without_warnings(implementation)
            # Windows of 2 x 2, padded; then at random, with strides and gaps.
            rng = np.random.default_rng(4)
            case = CASES[name](second, rng, np.float32)
            case.check(implementation, read_only=True)
            for seed in range(5):
                rng = np.random.default_rng(seed)
                case = CASES[name](one_of_three(rng), rng, np.float32)
                case.check(implementation, read_only=True)
            checked.append(f"{name}-{rung}")
    print(json.dumps({"checked": len(checked)}))


def digests():
    import numba

    found = []
    for threads in (1, 3):
        numba.set_num_threads(threads)
        found.append(digest_of_every_rung())
    if hasattr(os, "fork"):
        fork = multiprocessing.get_context("fork")
        with fork.Pool(1, warnings.simplefilter, ["ignore"]) as pool:
            found.append(pool.apply(digest_of_every_rung))
    print(json.dumps({name: [each[name] for each in found] for name in found[0]}))


def digest_of_every_rung():
    from scratchnet.kernels import OPERATIONS
    from tests.kernels.cases import CASES

    found = {}
    for name, operation in OPERATIONS.items():
        for rung in operation.rungs.keys() - ON_BLAS:
            digest = hashlib.sha256()
            for pick in LARGE:
                case = CASES[name](pick, np.random.default_rng(5), np.float32)
                results, returned = case.run(operation.rungs[rung])
                digest.update(repr(returned).encode())
                for result in results.values():
                    digest.update(result.tobytes())
            found[f"{name}-{rung}"] = digest.hexdigest()
    return found


if __name__ == "__main__":
    warnings.simplefilter("error")
    {"check": check, "digests": digests}[sys.argv[1]]()
