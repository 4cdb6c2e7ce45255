"""The SIMD tile: small matrix products whose sums never leave the registers.

    C[m, v] (+)= ∑_a ∑_k A[m; a, k] · B[a, k; v]

An MR × NV block of C, NV vectors wide, is held in registers over the whole sum. Each
turn of the loop loads NV vectors of B and, for every row m, one number of A, which is
multiplied with all of them: MR · NV fused multiply-adds for MR + NV loads. That is how
a core can keep both of its multipliers busy, and what the compiler does not find
by itself: it leaves the sums in memory.

Where row m of A and C lies is looked up in a table of offsets. That is all that a
convolution needs to be such a product without unfolding: the windows of x are the rows
of A, wherever they lie, and they may overlap. With `a` running over the rows of a
window and `k` along one of them,

    forward          m: output pixel          (a, k): window       v: output channel
    weight gradient  m: element of a window   (a, k): output pixel v: output channel
    input gradient   m: output pixel, for one tap at a time; k: output channel,
                     v: input channel; C is added to
    dense            m: sample                k: input             v: output

The tile is emitted as LLVM vector instructions through `numba.extending.intrinsic`.
It works on raw pointers, which no bounds check sees; its tests run it against guard
pages. Lanes and rows beyond the edge are masked: they are neither read nor written.

References: Goto and van de Geijn (2008), "Anatomy of high-performance matrix
multiplication", on register blocking; the operation tables of LLVM's language
reference (fma, masked load and store).
"""

import contextlib
import functools
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from scratchnet.kernels.machine.processor import VECTOR_BYTES

ZERO, ADD, BIAS = 0, 1, 2  # what a sum starts from: nothing, C's own value, a bias


class Left(NamedTuple):
    """A[m; a, k] = array[start + rows[m] + a·strides[0] + k·strides[1]].

    The array is flat, ``rows`` int64, and the second stride not 0.
    """

    array: np.ndarray
    start: int
    rows: np.ndarray
    strides: tuple[int, int]


class Right(NamedTuple):
    """B[a, k; v] = array[start + a·strides[0] + k·strides[1] + v], a flat array."""

    array: np.ndarray
    start: int
    strides: tuple[int, int]


class Result(NamedTuple):
    """C[m, v] = array[start + rows[m] + v], of ``shape`` (rows, columns)."""

    array: np.ndarray
    start: int
    rows: np.ndarray
    shape: tuple[int, int]


class Sums(NamedTuple):
    """What is summed.

    Attributes:
        counts: how many a, and how many k.
        start: ZERO, ADD or BIAS.
        bias: where sums start from it, C[:, v] does from bias[bias_start + v]; else any
            array of its type.
        bias_start: where it begins.
        relu: whether negative results become 0.
    """

    counts: tuple[int, int]
    start: int
    bias: np.ndarray
    bias_start: int
    relu: bool


# Rows and vectors of the tiles, widest first; the last one takes any number of lanes.
# Chosen by measurement: 24 sums and 4 vectors of B fill AVX-512's 32 registers, 12
# and 2 AVX2's 16. The second is for the rows that whole tiles of the first leave over.
TILES = (
    ((6, 4), (6, 4), (8, 2), (8, 1))
    if VECTOR_BYTES == 64
    else ((6, 2), (4, 2), (6, 1), (6, 1))
)

_int32, _int64 = ir.IntType(32), ir.IntType(64)


@intrinsic
def vector_lanes(typing_context, array):
    """Return how many of the array's elements fill one vector register."""

    def codegen(context, builder, signature, arguments):
        width = context.get_abi_sizeof(context.get_data_type(array.dtype))
        return ir.Constant(_int64, VECTOR_BYTES // width)

    return types.int64(array), codegen


def splat(builder, scalar, vector):
    """Return a vector of one number."""
    empty = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(_int32, 0))
    zeros = ir.Constant(ir.VectorType(_int32, vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, empty, zeros)


class _Emitter:
    """Writes the instructions of one tile; one method per part of the loop nest."""

    def __init__(self, context, builder, signature, arguments, rows, vectors, masked):
        self.context, self.builder = context, builder
        self.rows, self.vectors, self.masked = rows, vectors, masked
        parts = zip(signature.args[:4], arguments[:4], strict=True)
        left, right, result, sums = (self._unpacked(*part) for part in parts)
        self.left, self.right = Left(*left), Right(*right)
        self.result, self.sums = Result(*result), Sums(*sums)
        self.row, self.column, self.columns = arguments[4:]
        self.element = context.get_data_type(signature.args[0].types[0].dtype)
        self.width = context.get_abi_sizeof(self.element)
        self.lanes = VECTOR_BYTES // self.width
        self.vector = ir.VectorType(self.element, self.lanes)
        self.grid = [(m, v) for m in range(rows) for v in range(vectors)]

    def _unpacked(self, kind, value):
        """Return a tuple's fields, of an array where its data are, else the value."""
        if isinstance(kind, types.BaseTuple):
            fields = cgutils.unpack_tuple(self.builder, value)
            return list(map(self._unpacked, kind, fields))
        if isinstance(kind, types.Array):
            array = cgutils.create_struct_proxy(kind)
            return array(self.context, self.builder, value=value).data
        return value

    def number(self, value):
        return ir.Constant(_int64, value)

    def _at(self, group, offset):
        """Return where in a group's array something is."""
        at = self.builder.add(group.start, offset)
        return self.builder.gep(group.array, [at])

    def emit(self):
        builder = self.builder
        self.mask = self._lane_mask() if self.masked else None
        a_offsets, c_offsets = self._row_offsets()
        self.totals = {
            at: cgutils.alloca_once(builder, self.vector) for at in self.grid
        }
        self.c_pointers = [
            self._at(self.result, builder.add(offset, self.column))
            for offset in c_offsets
        ]
        self._start_sums()
        self._multiply(a_offsets)
        self._clip_negative()
        self._store()

    def _lane_mask(self):
        """True for the lanes below ``columns``; a tile with a mask has one vector."""
        builder = self.builder
        count = builder.trunc(self.columns, _int32)
        indices = ir.VectorType(_int32, self.lanes)
        own = ir.Constant(indices, list(range(self.lanes)))
        return builder.icmp_signed("<", own, splat(builder, count, indices))

    def _row_offsets(self):
        """Look the rows up; those beyond the last repeat it, and are not stored."""
        builder = self.builder
        last = builder.sub(self.result.shape[0], self.number(1))
        self.row_numbers, found = [], ([], [])
        for m in range(self.rows):
            row = builder.add(self.row, self.number(m))
            self.row_numbers.append(row)
            beyond = builder.icmp_signed(">", row, last)
            row = builder.select(beyond, last, row)
            for group, offsets in zip((self.left, self.result), found, strict=True):
                offsets.append(builder.load(builder.gep(group.rows, [row])))
        return found

    def _vector_at(self, pointer, v):
        at = self.builder.gep(pointer, [self.number(v * self.lanes)])
        return self.builder.bitcast(at, self.vector.as_pointer())

    def _load(self, pointer, v):
        at = self._vector_at(pointer, v)
        if self.mask is None:
            return self.builder.load(at, align=self.width)
        suffix = f"v{self.lanes}f{8 * self.width}.p0"
        kind = ir.FunctionType(
            self.vector, [at.type, _int32, self.mask.type, self.vector]
        )
        load = cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.masked.load.{suffix}"
        )
        zeros = ir.Constant(self.vector, [0.0] * self.lanes)
        align = ir.Constant(_int32, self.width)
        return self.builder.call(load, [at, align, self.mask, zeros])

    def _start_sums(self):
        builder, sums = self.builder, self.sums
        zero = ir.Constant(self.vector, [0.0] * self.lanes)
        adds, biased = (
            builder.icmp_signed("==", sums.start, self.number(kind))
            for kind in (ADD, BIAS)
        )
        with builder.if_else(adds) as (add, other):
            with add:
                for m, v in self.grid:
                    builder.store(self._load(self.c_pointers[m], v), self.totals[m, v])
            with other:
                for at in self.grid:
                    builder.store(zero, self.totals[at])
                with builder.if_then(biased):
                    at = builder.add(sums.bias_start, self.column)
                    bias = builder.gep(sums.bias, [at])
                    for v in range(self.vectors):
                        value = self._load(bias, v)
                        for m in range(self.rows):
                            builder.store(value, self.totals[m, v])

    def _multiply(self, a_offsets):
        builder, left, right = self.builder, self.left, self.right
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        fma = cgutils.get_or_insert_function(
            builder.module, kind, f"llvm.fma.v{self.lanes}f{8 * self.width}"
        )
        starts = [builder.add(left.start, offset) for offset in a_offsets]
        with cgutils.for_range(builder, self.sums.counts[0]) as outer:
            a_step = builder.mul(outer.index, left.strides[0])
            b_step = builder.mul(outer.index, right.strides[0])
            rows = [builder.gep(left.array, [builder.add(s, a_step)]) for s in starts]
            b_row = self._at(right, builder.add(self.column, b_step))
            with self._along_k(rows, b_row) as (rows, k, b_pointer):
                b = [self._load(b_pointer, v) for v in range(self.vectors)]
                for m in range(self.rows):
                    scalar = builder.load(builder.gep(rows[m], [k]))
                    a = splat(builder, scalar, self.vector)
                    for v in range(self.vectors):
                        total = builder.load(self.totals[m, v])
                        total = builder.call(fma, [a, b[v], total])
                        builder.store(total, self.totals[m, v])

    @contextlib.contextmanager
    def _along_k(self, rows, b_row):
        """The innermost loop: yields where A's rows are, the offset in them, and B.

        One offset serves all rows, and is compared with its last value: no counter
        beside it, so that no compiler knows how often the loop turns and unrolls it.
        If it may, it makes a pointer per row and turn, more than there are registers,
        and spends as many instructions on moving them as on the sums.
        """
        builder, (_, k_count) = self.builder, self.sums.counts
        (_, a_inner), (_, b_inner) = self.left.strides, self.right.strides
        rows = [self._hidden(row) for row in rows]
        before = builder.basic_block
        loop, end = builder.append_basic_block("k"), builder.append_basic_block("end")
        last = builder.mul(k_count, a_inner)
        some = builder.icmp_signed(">", k_count, self.number(0))
        builder.cbranch(some, loop, end)
        builder.position_at_end(loop)
        k, b_pointer = builder.phi(_int64), builder.phi(b_row.type)
        k.add_incoming(self.number(0), before)
        b_pointer.add_incoming(b_row, before)
        yield rows, k, b_pointer
        next_k = builder.add(k, a_inner)
        k.add_incoming(next_k, builder.basic_block)
        next_b = builder.gep(b_pointer, [b_inner])
        b_pointer.add_incoming(next_b, builder.basic_block)
        builder.cbranch(builder.icmp_signed("!=", next_k, last), loop, end)
        builder.position_at_end(end)

    def _hidden(self, pointer):
        """Return a pointer of which the compiler doesn't know how it was made."""
        kind = ir.FunctionType(pointer.type, [pointer.type])
        return self.builder.asm(kind, "", "=r,0", [pointer], False)

    def _clip_negative(self):
        """ReLU: what is not above 0 becomes +0; NaN is neither, and stays."""
        builder = self.builder
        zero = ir.Constant(self.vector, [0.0] * self.lanes)
        with builder.if_then(self.sums.relu):
            for at in self.grid:
                total = builder.load(self.totals[at])
                clipped = builder.fcmp_ordered("<=", total, zero)
                builder.store(builder.select(clipped, zero, total), self.totals[at])

    def _store(self):
        builder = self.builder
        for m in range(self.rows):
            exists = builder.icmp_signed("<", self.row_numbers[m], self.result.shape[0])
            with builder.if_then(exists):
                for v in range(self.vectors):
                    at = self._vector_at(self.c_pointers[m], v)
                    self._store_vector(builder.load(self.totals[m, v]), at)

    def _store_vector(self, value, at):
        if self.mask is None:
            self.builder.store(value, at, align=self.width)
            return
        suffix = f"v{self.lanes}f{8 * self.width}.p0"
        kind = ir.FunctionType(
            ir.VoidType(), [self.vector, at.type, _int32, self.mask.type]
        )
        store = cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.masked.store.{suffix}"
        )
        align = ir.Constant(_int32, self.width)
        self.builder.call(store, [value, at, align, self.mask])


@functools.cache
def register_tile(rows, vectors, *, masked=False):
    """Return the intrinsic that computes one rows × (vectors · lanes) tile of C.

    Its arguments: `Left`, `Right`, `Result` and `Sums`; the tile's first row and first
    column; and, for a masked tile, how many columns there are from that one on.
    """

    @intrinsic
    def tile(typing_context, left, right, result, sums, row, column, columns):
        i8 = types.int64

        def codegen(context, builder, signature, arguments):
            _Emitter(
                context, builder, signature, arguments, rows, vectors, masked
            ).emit()
            return context.get_dummy_value()

        return types.void(left, right, result, sums, i8, i8, i8), codegen

    return tile
