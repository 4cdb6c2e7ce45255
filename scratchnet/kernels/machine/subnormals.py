"""Numbers too small for full precision, and why optimizers round them to zero.

The mean of a gradient that has become 0 shrinks by a tenth with every step of Adam, and
after some hundred steps it is below 1.2e-38, where float32 has fewer and fewer digits.
There it stays: rounded, nine tenths of a few last digits are the same few digits. An
x86 processor computes with such numbers a hundred times slower, so a few dead units
could slow a training down for good. TensorFlow has its threads round them to 0;
kernels do it between these two calls:

    before = flush_subnormals()
    ...
    restore(before)

The setting belongs to the thread. On other processors, which are not slower there,
nothing happens.

Reference: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1,
section 10.2.3.3 (flush-to-zero) and 10.2.3.4 (denormals-are-zeros).
"""

import platform

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ON_X86 = platform.machine().lower() in ("x86_64", "amd64")

FLUSH_TO_ZERO, SUBNORMALS_ARE_ZERO = 1 << 15, 1 << 6

_int32 = ir.IntType(32)


def _control(builder, name, place):
    """Store the register that rules rounding, or load it."""
    pointer = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer])
    function = cgutils.get_or_insert_function(
        builder.module, kind, f"llvm.x86.sse.{name}"
    )
    builder.call(function, [builder.bitcast(place, pointer)])


@intrinsic
def flush_subnormals(typing_context):
    """Round them to 0 from here on; return the setting before."""

    def codegen(context, builder, signature, arguments):
        if not ON_X86:
            return ir.Constant(_int32, 0)
        place = cgutils.alloca_once(builder, _int32)
        _control(builder, "stmxcsr", place)
        before = builder.load(place)
        bits = ir.Constant(_int32, FLUSH_TO_ZERO | SUBNORMALS_ARE_ZERO)
        builder.store(builder.or_(before, bits), place)
        _control(builder, "ldmxcsr", place)
        return before

    return types.int32(), codegen


@intrinsic
def restore(typing_context, before):
    """Go back to the setting before."""

    def codegen(context, builder, signature, arguments):
        if ON_X86:
            place = cgutils.alloca_once(builder, _int32)
            builder.store(arguments[0], place)
            _control(builder, "ldmxcsr", place)
        return context.get_dummy_value()

    return types.void(types.int32), codegen
