"""SIMD in plain sight: a value that is a whole vector register.

The compiler turns a loop over channels into vector instructions only if it can prove
that the arrays in it do not overlap, and with more than a few arrays it gives up. With
`Lanes`, a kernel says what it wants: one value holds as many numbers as a register
has lanes, and every operation works on all of them.

    for c in range(0, C, lanes):
        largest = load(x, at + c, C - c)        # lanes beyond C - c read as 0
        ...
        store(y, to + c, C - c, largest)        # and are not written

Arrays are flat; offsets count elements. Nothing checks them.

Reference: Numba's documentation, "Low-level extension API".
"""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import (
    intrinsic,
    lower_builtin,
    models,
    register_model,
    type_callable,
)

from scratchnet.kernels.machine.compile import compiled, compiled_once
from scratchnet.kernels.machine.processor import HAS_FMA, VECTOR_BYTES
from scratchnet.kernels.machine.tile import splat, vector_lanes

_int32, _int64 = ir.IntType(32), ir.IntType(64)


class Lanes(types.Type):
    """The type of a vector register full of numbers."""

    def __init__(self, dtype):
        """Take as many lanes of a dtype as a register has."""
        self.dtype = dtype
        self.count = VECTOR_BYTES * 8 // dtype.bitwidth
        super().__init__(name=f"Lanes({dtype}, {self.count})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, lanes):
        element = manager.lookup(lanes.dtype).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(element, lanes.count))


def _vector(context, lanes):
    return context.get_value_type(lanes)


def _constant(context, lanes, number):
    return ir.Constant(_vector(context, lanes), [float(number)] * lanes.count)


def _address(context, builder, array_type, array, offset, lanes):
    data = cgutils.create_struct_proxy(array_type)(context, builder, value=array).data
    at = builder.gep(data, [offset])
    return builder.bitcast(at, _vector(context, lanes).as_pointer())


def _mask(context, builder, count, lanes):
    """True for the first ``count`` lanes."""
    # Integers as wide as a lane: AVX2's masks are vectors of those.
    index = ir.IntType(lanes.dtype.bitwidth)
    indices = ir.VectorType(index, lanes.count)
    own = ir.Constant(indices, list(range(lanes.count)))
    most = ir.Constant(_int64, lanes.count)
    count = builder.select(builder.icmp_signed("<", count, most), count, most)
    if index != _int64:
        count = builder.trunc(count, index)
    return builder.icmp_signed("<", own, splat(builder, count, indices))


def _masked(context, builder, lanes, operation, arguments, result):
    bits = lanes.dtype.bitwidth
    name = f"llvm.masked.{operation}.v{lanes.count}f{bits}.p0"
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, arguments)


def _whole_or_part(builder, count, lanes, whole, part):
    """Emit what moves a whole register, what moves its first lanes, or both.

    A masked instruction of AVX-512 is as fast as one without a mask. AVX2's are not:
    its masks have to be made, and its masked stores are microcode on AMD's processors.
    """
    if VECTOR_BYTES == 64:
        part()
        return
    is_whole = builder.icmp_signed(">=", count, ir.Constant(_int64, lanes.count))
    with builder.if_else(is_whole) as (then, otherwise):
        with then:
            whole()
        with otherwise:
            part()


@intrinsic
def load(typing_context, array, offset, count):
    """Return array[offset : offset + lanes]; from lane ``count`` on, 0."""
    lanes = Lanes(array.dtype)

    def codegen(context, builder, signature, arguments):
        array, offset, count = arguments
        at = _address(context, builder, signature.args[0], array, offset, lanes)
        vector, width = _vector(context, lanes), lanes.dtype.bitwidth // 8
        result = cgutils.alloca_once(builder, vector)

        def whole():
            builder.store(builder.load(at, align=width), result)

        def part():
            mask = _mask(context, builder, count, lanes)
            align, zeros = ir.Constant(_int32, width), _constant(context, lanes, 0)
            words = [at, align, mask, zeros]
            found = _masked(context, builder, lanes, "load", words, vector)
            builder.store(found, result)

        _whole_or_part(builder, count, lanes, whole, part)
        return builder.load(result)

    return lanes(array, types.int64, types.int64), codegen


@intrinsic
def store(typing_context, array, offset, count, value):
    """Write the first ``count`` lanes to array[offset : offset + lanes]."""

    def codegen(context, builder, signature, arguments):
        array, offset, count, value = arguments
        lanes = signature.args[3]
        at = _address(context, builder, signature.args[0], array, offset, lanes)
        width = lanes.dtype.bitwidth // 8

        def whole():
            builder.store(value, at, align=width)

        def part():
            mask = _mask(context, builder, count, lanes)
            words = [value, at, ir.Constant(_int32, width), mask]
            _masked(context, builder, lanes, "store", words, ir.VoidType())

        _whole_or_part(builder, count, lanes, whole, part)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, value), codegen


@compiled
def copy(x, at, y, to, count):
    """Copy x[at : at + count] to y[to : to + count]."""
    lanes = vector_lanes(x)
    # Whole vectors need no mask; four at a time, or the compiler calls `memcpy`, whose
    # start takes longer than a short row.
    i = 0
    while i + 4 * lanes <= count:
        first = load(x, at + i, lanes)
        second = load(x, at + i + lanes, lanes)
        third = load(x, at + i + 2 * lanes, lanes)
        fourth = load(x, at + i + 3 * lanes, lanes)
        store(y, to + i, lanes, first)
        store(y, to + i + lanes, lanes, second)
        store(y, to + i + 2 * lanes, lanes, third)
        store(y, to + i + 3 * lanes, lanes, fourth)
        i += 4 * lanes
    while i < count:
        store(y, to + i, count - i, load(x, at + i, count - i))
        i += lanes


@intrinsic
def _transpose_square(typing_context, x, at, step, y, to, gap):
    """Transpose a square block, as many rows as a register has lanes.

    Rows begin ``step`` apart in x, ``gap`` apart in y. Row and lane are numbers of the
    same few bits: exchanging one bit of the one for that of the other, for all rows at
    once, takes two shuffles per pair of rows; after all bits, rows are columns.
    """
    lanes = Lanes(x.dtype)

    def codegen(context, builder, signature, arguments):
        x_type, _, _, y_type, _, _ = signature.args
        x, at, step, y, to, gap = arguments
        align, count = lanes.dtype.bitwidth // 8, lanes.count

        def row(kind, array, start, stride, number):
            offset = builder.mul(stride, ir.Constant(_int64, number))
            return _address(
                context, builder, kind, array, builder.add(start, offset), lanes
            )

        rows = [
            builder.load(row(x_type, x, at, step, i), align=align) for i in range(count)
        ]
        bit = count // 2
        while bit:
            indices = ir.VectorType(_int32, count)
            first = [n if not n & bit else count + (n ^ bit) for n in range(count)]
            second = [n | bit if not n & bit else count + n for n in range(count)]
            for i in range(count):
                if not i & bit:
                    pair = rows[i], rows[i | bit]
                    for number, lanes_taken in ((i, first), (i | bit, second)):
                        rows[number] = builder.shuffle_vector(
                            *pair, ir.Constant(indices, lanes_taken)
                        )
            bit //= 2
        for i, value in enumerate(rows):
            builder.store(value, row(y_type, y, to, gap, i), align=align)
        return context.get_dummy_value()

    number = types.int64
    return types.void(x, number, number, y, number, number), codegen


@compiled_once
def transpose(x, at, step, rows, columns, y, to, gap):
    """Write the transpose of a matrix whose rows begin ``step`` apart, to y.

    The rows of y, which are the columns of x, begin ``gap`` apart.
    """
    lanes = vector_lanes(x)
    for row in range(0, rows, lanes):
        for column in range(0, columns, lanes):
            source, target = at + row * step + column, to + column * gap + row
            if row + lanes <= rows and column + lanes <= columns:
                _transpose_square(x, source, step, y, target, gap)
            else:
                for i in range(min(lanes, rows - row)):
                    for j in range(min(lanes, columns - column)):
                        y[target + j * gap + i] = x[source + i * step + j]


@intrinsic
def fill(typing_context, array, number):
    """Return a register of the array's dtype, every lane the same number."""
    lanes = Lanes(array.dtype)

    def codegen(context, builder, signature, arguments):
        scalar = context.cast(builder, arguments[1], number, lanes.dtype)
        return splat(builder, scalar, _vector(context, lanes))

    return lanes(array, number), codegen


@intrinsic
def multiply_add(typing_context, a, b, c):
    """Return a · b + c, rounded once; twice on a processor without that operation."""

    def codegen(context, builder, signature, arguments):
        vector = _vector(context, a)
        kind = ir.FunctionType(vector, [vector] * 3)
        name = "fma" if HAS_FMA else "fmuladd"
        name = f"llvm.{name}.v{a.count}f{a.dtype.bitwidth}"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(function, arguments)

    return a(a, a, a), codegen


@intrinsic
def larger(typing_context, a, b):
    """Return the larger of a and b, lane by lane; NaN if b is NaN, or a is."""

    def codegen(context, builder, signature, arguments):
        a, b = arguments
        # Unordered: true if b is NaN. A NaN in a is kept, unless b is NaN too.
        taken = builder.fcmp_unordered(">", b, a)
        taken = builder.and_(taken, builder.fcmp_ordered("==", a, a))
        return builder.select(taken, b, a)

    return a(a, a), codegen


@intrinsic
def where_equal(typing_context, a, b, yes, no):
    """Return ``yes`` in the lanes where a equals b, ``no`` in the others."""

    def codegen(context, builder, signature, arguments):
        equal = builder.fcmp_ordered("==", arguments[0], arguments[1])
        return builder.select(equal, arguments[2], arguments[3])

    return yes(a, a, yes, yes), codegen


@intrinsic
def where_positive(typing_context, a, yes):
    """Return ``yes`` in the lanes where a is above 0, and 0 in the others."""

    def codegen(context, builder, signature, arguments):
        zero = _constant(context, a, 0)
        positive = builder.fcmp_ordered(">", arguments[0], zero)
        return builder.select(positive, arguments[1], zero)

    return yes(a, yes), codegen


@intrinsic
def where_larger(typing_context, a, b, yes, no):
    """Return ``yes`` in the lanes where a is above b, ``no`` in the others."""

    def codegen(context, builder, signature, arguments):
        above = builder.fcmp_ordered(">", arguments[0], arguments[1])
        return builder.select(above, arguments[2], arguments[3])

    return yes(a, a, yes, yes), codegen


@intrinsic
def not_below_zero(typing_context, a):
    """Return a where it is above 0 or NaN, and 0 in the other lanes."""

    def codegen(context, builder, signature, arguments):
        zero = _constant(context, a, 0)
        below = builder.fcmp_ordered("<=", arguments[0], zero)
        return builder.select(below, zero, arguments[0])

    return a(a), codegen


@type_callable(operator.neg)
def _type_negation(context):
    return lambda a: a if isinstance(a, Lanes) else None


@lower_builtin(operator.neg, Lanes)
def _lower_negation(context, builder, signature, arguments):
    return builder.fneg(arguments[0])


def _arithmetic(symbol, instruction):
    @type_callable(symbol)
    def type_operator(context):
        def typer(a, b):
            return a if isinstance(a, Lanes) and a == b else None

        return typer

    @lower_builtin(symbol, Lanes, Lanes)
    def lower_operator(context, builder, signature, arguments):
        return getattr(builder, instruction)(*arguments)


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")
