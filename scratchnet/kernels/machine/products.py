"""A matrix product, tile by tile: what `direct` and `winograd` run on.

C[c + c_rows[m] + v] (+)= ∑_a ∑_k A[a + a_rows[m] + a·a_outer + k·a_inner]
                                · B[b + a·b_outer + k·b_inner + v]
"""

from scratchnet.kernels.machine.compile import compiled, compiled_once
from scratchnet.kernels.machine.tile import TILES, register_tile, vector_lanes

(WIDE_ROWS, WIDE), (REST_ROWS, _), (HALF_ROWS, HALF), (EDGE_ROWS, EDGE) = TILES
wide_tile = register_tile(WIDE_ROWS, WIDE)
rest_tile = register_tile(REST_ROWS, WIDE)
half_tile = register_tile(HALF_ROWS, HALF)
edge_tile = register_tile(EDGE_ROWS, EDGE, masked=True)

# A multiple of this many rows is one of whole tiles, of one height or of two.
ROW_STEP = REST_ROWS if REST_ROWS < WIDE_ROWS else HALF_ROWS


@compiled_once
def product(
    A,
    a,
    a_rows,
    a_strides,
    B,
    b,
    b_strides,
    counts,
    C,
    c,
    c_rows,
    shape,
    start,
    bias,
    bias_start,
    relu,
):
    """Compute one product.

    Args:
        A: flat array of the left factor, which begins at ``a``.
        a: offset.
        a_rows: offsets of A's rows, (M,) int64.
        a_strides: (a_outer, a_inner).
        B: flat array of the right factor, which begins at ``b``.
        b: offset.
        b_strides: (b_outer, b_inner).
        counts: (length of the sum over a, length of the sum over k).
        C: flat array of the result, which begins at ``c``.
        c: offset.
        c_rows: offsets of C's rows, (M,) int64.
        shape: (rows, columns) of C.
        start: ZERO, ADD or BIAS.
        bias: what results start from where ``start`` is BIAS.
        bias_start: where it begins.
        relu: whether negative results become 0.
    """
    lanes = vector_lanes(A)
    wide, half = WIDE * lanes, HALF * lanes
    rows, columns = shape
    v = 0
    # All rows of a tile are computed, stored or not: the height that leaves fewer over.
    while v + wide <= columns and _padded(rows, WIDE_ROWS) <= _padded(rows, HALF_ROWS):
        tall = _tall_rows(rows)
        for row in range(0, tall, WIDE_ROWS):
            wide_tile(
                *(A, a, a_rows, row, rows),
                *(a_strides[0], counts[0], a_strides[1], counts[1]),
                *(B, b + v, b_strides[0], b_strides[1]),
                *(C, c + v, c_rows, start, bias, bias_start + v, wide, relu),
            )
        if REST_ROWS < WIDE_ROWS:
            for row in range(tall, rows, REST_ROWS):
                rest_tile(
                    *(A, a, a_rows, row, rows),
                    *(a_strides[0], counts[0], a_strides[1], counts[1]),
                    *(B, b + v, b_strides[0], b_strides[1]),
                    *(C, c + v, c_rows, start, bias, bias_start + v, wide, relu),
                )
        v += wide
    while v + half <= columns:
        for row in range(0, rows, HALF_ROWS):
            half_tile(
                *(A, a, a_rows, row, rows),
                *(a_strides[0], counts[0], a_strides[1], counts[1]),
                *(B, b + v, b_strides[0], b_strides[1]),
                *(C, c + v, c_rows, start, bias, bias_start + v, half, relu),
            )
        v += half
    while v < columns:
        for row in range(0, rows, EDGE_ROWS):
            edge_tile(
                *(A, a, a_rows, row, rows),
                *(a_strides[0], counts[0], a_strides[1], counts[1]),
                *(B, b + v, b_strides[0], b_strides[1]),
                *(C, c + v, c_rows, start, bias, bias_start + v),
                *(columns - v, relu),
            )
        v += lanes


@compiled
def _tall_rows(rows):
    """Return how many rows go through the taller of the two wide tiles.

    Tiles of 6 and 4 rows together leave none over of any even number but 2.
    """
    rest = rows % WIDE_ROWS
    if REST_ROWS == WIDE_ROWS or rest > REST_ROWS:
        return rows
    if rows > WIDE_ROWS and 0 < rest <= 2 * REST_ROWS - WIDE_ROWS:
        return rows - rest - WIDE_ROWS  # two of the lower ones hold these
    return rows - rest


@compiled
def _padded(rows, tile_rows):
    return (rows + tile_rows - 1) // tile_rows * tile_rows


@compiled
def clear(array, first, count):
    """Set ``count`` elements of a flat array to 0."""
    for i in range(first, first + count):
        array[i] = 0


@compiled_once
def add_rows(B, b, strides, counts, total):
    """Add the rows of B that a sum runs over to ``total``."""
    for i in range(counts[0]):
        for k in range(counts[1]):
            at = b + i * strides[0] + k * strides[1]
            row = B[at : at + len(total)]
            for v in range(len(total)):
                total[v] += row[v]
