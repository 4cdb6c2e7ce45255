"""Many small matrix products in one launch, tile by tile: what `direct` runs on.

A pass of a layer is a list of steps. Each is one product

    C[c + c_rows[m] + v] (+)= ∑_a ∑_k A[a + a_rows[m] + a·a_outer + k·a_inner]
                                    · B[b + a·b_outer + k·b_inner + v]

with all shapes and strides in common, and its own places a, b, c. Steps are grouped
in tasks: a task's steps run in order on one thread, and no two tasks write to the same
place. Which task a step is in depends on shapes alone, so any number of threads gives
the same bits.

One function is compiled, once per dtype, for all passes of convolution and dense.
"""

from numba import prange

from scratchnet.kernels.compile import compiled, parallel
from scratchnet.kernels.tile import ADD, TILES, ZERO, register_tile, vector_lanes

(WIDE_ROWS, WIDE), (HALF_ROWS, HALF), (EDGE_ROWS, EDGE) = TILES
wide_tile = register_tile(WIDE_ROWS, WIDE)
half_tile = register_tile(HALF_ROWS, HALF)
edge_tile = register_tile(EDGE_ROWS, EDGE, masked=True)


@parallel
def run_products(
    A,
    B,
    C,
    bias,
    tasks,
    steps,
    a_rows,
    c_rows,
    a_strides,
    b_strides,
    counts,
    start,
    relu,
    clear,
    sums,
):
    """Run all steps.

    Args:
        A: flat array of the left factors.
        B: flat array of the right factors.
        C: flat array of the results.
        bias: what results start from where ``start`` is BIAS, read from offset b on.
        tasks: (T + 1,) int64; task t has the steps tasks[t] to tasks[t + 1].
        steps: (S, 5) int64; offsets a, b, c, number of rows, number of columns.
        a_rows: offsets of A's rows, (M,) int64.
        c_rows: offsets of C's rows, (M,) int64.
        a_strides: (a_outer, a_inner).
        b_strides: (b_outer, b_inner).
        counts: (length of the sum over a, length of the sum over k).
        start: ZERO, ADD or BIAS; with ZERO, a task's first step starts from 0 and
            the others add to it.
        relu: whether negative results become 0.
        clear: how many elements of C to set to 0 where a task begins.
        sums: (T, columns): each task's ∑ B over a, k and its steps, if it has
            any columns.
    """
    lanes = vector_lanes(A)
    wide, half = WIDE * lanes, HALF * lanes
    for task in prange(len(tasks) - 1):
        first, last = tasks[task], tasks[task + 1]
        C[steps[first, 2] : steps[first, 2] + clear] = 0
        sums[task] = 0
        for step in range(first, last):
            a, b, c = steps[step, 0], steps[step, 1], steps[step, 2]
            rows, columns = steps[step, 3], steps[step, 4]
            begin = ADD if start == ZERO and step > first else start
            v = 0
            while v + wide <= columns:
                for row in range(0, rows, WIDE_ROWS):
                    wide_tile(
                        *(A, a, a_rows, row, rows),
                        *(a_strides[0], counts[0], a_strides[1], counts[1]),
                        *(B, b + v, b_strides[0], b_strides[1]),
                        *(C, c + v, c_rows, begin, bias, b + v, wide, relu),
                    )
                v += wide
            while v + half <= columns:
                for row in range(0, rows, HALF_ROWS):
                    half_tile(
                        *(A, a, a_rows, row, rows),
                        *(a_strides[0], counts[0], a_strides[1], counts[1]),
                        *(B, b + v, b_strides[0], b_strides[1]),
                        *(C, c + v, c_rows, begin, bias, b + v, half, relu),
                    )
                v += half
            while v < columns:
                for row in range(0, rows, EDGE_ROWS):
                    edge_tile(
                        *(A, a, a_rows, row, rows),
                        *(a_strides[0], counts[0], a_strides[1], counts[1]),
                        *(B, b + v, b_strides[0], b_strides[1]),
                        *(C, c + v, c_rows, begin, bias, b + v, columns - v, relu),
                    )
                v += lanes
            if sums.shape[1] > 0:
                add_rows(B, b, b_strides, counts, sums[task])


@compiled
def add_rows(B, b, strides, counts, total):
    """Add the rows of B that a step reads to ``total``."""
    for i in range(counts[0]):
        for k in range(counts[1]):
            at = b + i * strides[0] + k * strides[1]
            row = B[at : at + len(total)]
            for v in range(len(total)):
                total[v] += row[v]
