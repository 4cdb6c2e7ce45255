"""Winograd's transforms: a 3x3 convolution with fewer multiplications.

F(2x2, 3x3) computes a tile of 2x2 output pixels from the 4x4 input pixels d below it
and the kernel g as

    z = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A

      Bᵀ = ⎡1  0 −1  0⎤    G = ⎡ 1   0   0 ⎤    Aᵀ = ⎡1  1  1  0⎤
           ⎢0  1  1  0⎥        ⎢1/2 1/2 1/2⎥         ⎣0  1 −1 −1⎦
           ⎢0 −1  1  0⎥        ⎢1/2−1/2 1/2⎥
           ⎣0  1  0 −1⎦        ⎣ 0   0   1 ⎦

with 16 products where the window slides over 4 · 9 = 36. Summed over input channels,
each of the 16 is a matrix product, tiles × channels × output channels.

The three passes. With V = Bᵀ d B, U = G g Gᵀ and M = U·V (summed over channels), the
output z = Aᵀ M A is linear in each factor, so gradients go back through the
transposes:

    d_M = A dz Aᵀ
    d_U = Vᵀ · d_M,   d_g = Gᵀ d_U G
    d_V = d_M · Uᵀ,   d_d = B d_V Bᵀ

where d_d adds up where tiles' inputs overlap. All factors are 0, ±1/2 or ±1: the
transforms lose little more than the additions that they take.

Tiles are held as 16 matrices, one per entry of the 4x4 tile: entry e of tile p begins
at (e·P + p)·C.

Reference: Lavin & Gray (2016), "Fast algorithms for convolutional neural networks",
section 4.1.
"""

from scratchnet.kernels.machine.compile import compiled, compiled_once
from scratchnet.kernels.machine.products import clear
from scratchnet.kernels.machine.simd import fill, load, not_below_zero, store
from scratchnet.kernels.machine.tile import vector_lanes

ENTRIES = 16


# One dimension of each transform, on four or two registers.


@compiled
def _input(d0, d1, d2, d3):
    """Bᵀ d."""
    return d0 - d2, d1 + d2, d2 - d1, d1 - d3


@compiled
def _input_transposed(v0, v1, v2, v3):
    """B v."""
    return v0, v1 - v2 + v3, v1 + v2 - v0, -v3


@compiled
def _output(m0, m1, m2, m3):
    """Aᵀ m."""
    return m0 + m1 + m2, m1 - m2 - m3


@compiled
def _output_transposed(z0, z1):
    """A z."""
    return z0, z0 + z1, z0 - z1, -z1


@compiled
def _row_of_entries(tiles, at, step, count):
    return (
        load(tiles, at, count),
        load(tiles, at + step, count),
        load(tiles, at + 2 * step, count),
        load(tiles, at + 3 * step, count),
    )


@compiled
def _store_column(tiles, at, step, count, column):
    """Store one column of a tile: entries 0, 4, 8 and 12 from ``at`` on."""
    store(tiles, at, count, column[0])
    store(tiles, at + 4 * step, count, column[1])
    store(tiles, at + 8 * step, count, column[2])
    store(tiles, at + 12 * step, count, column[3])


@compiled
def _pixel(image, at, h, w, g, c):
    """Load a register of a pixel's channels; outside of the image, zeros."""
    if h < 0 or h >= g.H or w < 0 or w >= g.W:
        return fill(image, 0.0)
    return load(image, at + (h * g.W + w) * g.C + c, g.C - c)


@compiled
def _row_of_pixels(image, at, h, w, g, c):
    """Load four neighbouring pixels, transformed along the row."""
    return _input(
        _pixel(image, at, h, w, g, c),
        _pixel(image, at, h, w + 1, g, c),
        _pixel(image, at, h, w + 2, g, c),
        _pixel(image, at, h, w + 3, g, c),
    )


@compiled_once
def transform_input(x, at, g, V, p, P):
    """Write V = Bᵀ d B for all tiles of the image at ``at``, as tiles from p on."""
    step = P * g.C
    for i in range(0, g.OH, 2):
        for j in range(0, g.OW, 2):
            h, w = i - g.top, j - g.left
            for c in range(0, g.C, vector_lanes(x)):
                a = _row_of_pixels(x, at, h, w, g, c)
                b = _row_of_pixels(x, at, h + 1, w, g, c)
                d = _row_of_pixels(x, at, h + 2, w, g, c)
                e = _row_of_pixels(x, at, h + 3, w, g, c)
                to, count = p * g.C + c, g.C - c
                _store_column(V, to, step, count, _input(a[0], b[0], d[0], e[0]))
                to += step
                _store_column(V, to, step, count, _input(a[1], b[1], d[1], e[1]))
                to += step
                _store_column(V, to, step, count, _input(a[2], b[2], d[2], e[2]))
                to += step
                _store_column(V, to, step, count, _input(a[3], b[3], d[3], e[3]))
            p += 1


@compiled_once
def transform_output(M, p, P, g, bias, z, at, relu):
    """Write z = Aᵀ M A + bias for the image at ``at``, from tiles from p on."""
    step = P * g.CO
    for i in range(0, g.OH, 2):
        for j in range(0, g.OW, 2):
            for c in range(0, g.CO, vector_lanes(M)):
                entry, count = p * g.CO + c, g.CO - c
                a = _output(*_row_of_entries(M, entry, step, count))
                b = _output(*_row_of_entries(M, entry + 4 * step, step, count))
                d = _output(*_row_of_entries(M, entry + 8 * step, step, count))
                e = _output(*_row_of_entries(M, entry + 12 * step, step, count))
                left = _output(a[0], b[0], d[0], e[0])
                right = _output(a[1], b[1], d[1], e[1])
                own = load(bias, c, count)
                to = at + (i * g.OW + j) * g.CO + c
                _store_pixel(z, to, count, left[0] + own, relu)
                if j + 1 < g.OW:
                    _store_pixel(z, to + g.CO, count, right[0] + own, relu)
                if i + 1 < g.OH:
                    to += g.OW * g.CO
                    _store_pixel(z, to, count, left[1] + own, relu)
                    if j + 1 < g.OW:
                        _store_pixel(z, to + g.CO, count, right[1] + own, relu)
            p += 1


@compiled
def _store_pixel(z, at, count, value, relu):
    store(z, at, count, not_below_zero(value) if relu else value)


@compiled_once
def transform_gradient(dz, at, g, d_M, p, P):
    """Write d_M = A dz Aᵀ for all tiles of the image at ``at``, as tiles from p on."""
    step = P * g.CO
    for i in range(0, g.OH, 2):
        for j in range(0, g.OW, 2):
            for c in range(0, g.CO, vector_lanes(dz)):
                count = g.CO - c
                source = at + (i * g.OW + j) * g.CO + c
                z00 = load(dz, source, count)
                z01 = z10 = z11 = fill(dz, 0.0)
                if j + 1 < g.OW:
                    z01 = load(dz, source + g.CO, count)
                if i + 1 < g.OH:
                    source += g.OW * g.CO
                    z10 = load(dz, source, count)
                    if j + 1 < g.OW:
                        z11 = load(dz, source + g.CO, count)
                a, b = _output_transposed(z00, z01), _output_transposed(z10, z11)
                to = p * g.CO + c
                _store_column(d_M, to, step, count, _output_transposed(a[0], b[0]))
                to += step
                _store_column(d_M, to, step, count, _output_transposed(a[1], b[1]))
                to += step
                _store_column(d_M, to, step, count, _output_transposed(a[2], b[2]))
                to += step
                _store_column(d_M, to, step, count, _output_transposed(a[3], b[3]))
            p += 1


@compiled
def _add_to_pixel(dx, at, h, w, g, c, value):
    if 0 <= h < g.H and 0 <= w < g.W:
        to, count = at + (h * g.W + w) * g.C + c, g.C - c
        store(dx, to, count, load(dx, to, count) + value)


@compiled
def _add_to_column(dx, at, h, w, g, c, column):
    _add_to_pixel(dx, at, h, w, g, c, column[0])
    _add_to_pixel(dx, at, h + 1, w, g, c, column[1])
    _add_to_pixel(dx, at, h + 2, w, g, c, column[2])
    _add_to_pixel(dx, at, h + 3, w, g, c, column[3])


@compiled_once
def transform_input_gradient(d_V, p, P, g, dx, at):
    """Write dx of the image at ``at``: B d_V Bᵀ, added up where tiles overlap."""
    clear(dx, at, g.H * g.W * g.C)
    step = P * g.C
    for i in range(0, g.OH, 2):
        for j in range(0, g.OW, 2):
            h, w = i - g.top, j - g.left
            for c in range(0, g.C, vector_lanes(dx)):
                entry, count = p * g.C + c, g.C - c
                a = _input_transposed(*_row_of_entries(d_V, entry, step, count))
                entry += 4 * step
                b = _input_transposed(*_row_of_entries(d_V, entry, step, count))
                entry += 4 * step
                d = _input_transposed(*_row_of_entries(d_V, entry, step, count))
                entry += 4 * step
                e = _input_transposed(*_row_of_entries(d_V, entry, step, count))
                column = _input_transposed(a[0], b[0], d[0], e[0])
                _add_to_column(dx, at, h, w, g, c, column)
                column = _input_transposed(a[1], b[1], d[1], e[1])
                _add_to_column(dx, at, h, w + 1, g, c, column)
                column = _input_transposed(a[2], b[2], d[2], e[2])
                _add_to_column(dx, at, h, w + 2, g, c, column)
                column = _input_transposed(a[3], b[3], d[3], e[3])
                _add_to_column(dx, at, h, w + 3, g, c, column)
            p += 1


@compiled
def _kernel(g0, g1, g2, half):
    """G g."""
    return g0, (g0 + g1 + g2) * half, (g0 - g1 + g2) * half, g2


@compiled
def _kernel_transposed(u0, u1, u2, u3, half):
    """Gᵀ u."""
    return u0 + (u1 + u2) * half, (u1 - u2) * half, (u1 + u2) * half + u3


@compiled_once
def transform_kernel(weight, row, C, CO, U):
    """Write U = G g Gᵀ for one input channel, ``row``, and all output channels."""
    half, step = fill(weight, 0.5), C * CO
    for co in range(0, CO, vector_lanes(weight)):
        at, count = row * CO + co, CO - co
        a = _kernel(*_row_of_taps(weight, at, step, count), half)
        b = _kernel(*_row_of_taps(weight, at + 3 * step, step, count), half)
        d = _kernel(*_row_of_taps(weight, at + 6 * step, step, count), half)
        _store_column(U, at, step, count, _kernel(a[0], b[0], d[0], half))
        at += step
        _store_column(U, at, step, count, _kernel(a[1], b[1], d[1], half))
        at += step
        _store_column(U, at, step, count, _kernel(a[2], b[2], d[2], half))
        at += step
        _store_column(U, at, step, count, _kernel(a[3], b[3], d[3], half))


@compiled
def _row_of_taps(weight, at, step, count):
    return (
        load(weight, at, count),
        load(weight, at + step, count),
        load(weight, at + 2 * step, count),
    )


@compiled_once
def transform_kernel_gradient(d_U, row, C, CO, d_weight, to):
    """Write d_g = Gᵀ d_U G for one input channel, to the array at ``to``."""
    half, step = fill(d_U, 0.5), C * CO
    for co in range(0, CO, vector_lanes(d_U)):
        at, count = row * CO + co, CO - co
        entry = at
        a = _kernel_transposed(*_row_of_entries(d_U, entry, step, count), half)
        entry += 4 * step
        b = _kernel_transposed(*_row_of_entries(d_U, entry, step, count), half)
        entry += 4 * step
        d = _kernel_transposed(*_row_of_entries(d_U, entry, step, count), half)
        entry += 4 * step
        e = _kernel_transposed(*_row_of_entries(d_U, entry, step, count), half)
        at += to
        _store_taps(
            d_weight,
            at,
            step,
            count,
            _kernel_transposed(a[0], b[0], d[0], e[0], half),
        )
        at += step
        _store_taps(
            d_weight,
            at,
            step,
            count,
            _kernel_transposed(a[1], b[1], d[1], e[1], half),
        )
        at += step
        _store_taps(
            d_weight,
            at,
            step,
            count,
            _kernel_transposed(a[2], b[2], d[2], e[2], half),
        )


@compiled
def _store_taps(d_weight, at, step, count, column):
    store(d_weight, at, count, column[0])
    store(d_weight, at + 3 * step, count, column[1])
    store(d_weight, at + 6 * step, count, column[2])
