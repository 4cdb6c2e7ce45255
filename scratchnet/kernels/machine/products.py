"""A matrix product, tile by tile: what `direct` and `winograd` run on.

    C[m, v] (+)= ∑_a ∑_k A[m; a, k] · B[a, k; v]

for factors and a result that lie anywhere in flat arrays, as `Left`, `Right` and
`Result` of `tile` say.
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
def product(left, right, result, sums):
    """Compute one product; see `tile` for what its four parts are."""
    lanes = vector_lanes(left.array)
    wide, half = WIDE * lanes, HALF * lanes
    rows, columns = result.shape
    v = 0
    # All rows of a tile are computed, stored or not: the height that leaves fewer over.
    while v + wide <= columns and _padded(rows, WIDE_ROWS) <= _padded(rows, HALF_ROWS):
        tall = _tall_rows(rows)
        for row in range(0, tall, WIDE_ROWS):
            wide_tile(left, right, result, sums, row, v, wide)
        if REST_ROWS < WIDE_ROWS:
            for row in range(tall, rows, REST_ROWS):
                rest_tile(left, right, result, sums, row, v, wide)
        v += wide
    while v + half <= columns:
        for row in range(0, rows, HALF_ROWS):
            half_tile(left, right, result, sums, row, v, half)
        v += half
    while v < columns:
        for row in range(0, rows, EDGE_ROWS):
            edge_tile(left, right, result, sums, row, v, columns - v)
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
def add_rows(right, counts, total):
    """Add the rows of a right factor that a sum runs over to ``total``."""
    for i in range(counts[0]):
        for k in range(counts[1]):
            at = right.start + i * right.strides[0] + k * right.strides[1]
            row = right.array[at : at + len(total)]
            for v in range(len(total)):
                total[v] += row[v]
