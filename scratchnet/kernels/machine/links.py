"""Functions that are compiled once, and called by all others where they are.

Numba takes a function's code into every function that calls it, and optimises and
translates it there again. For a small function that is right: the call is gone, and
what is constant for the caller is constant inside. For the register tiles, with ten
callers, it made most of the time that compiling took, and most of the machine code.

Here a caller has a symbol in its code, as a program in C has for a function of another
library, and LLVM puts the address in when it loads the code. So the function has to be
there before its callers are, also when they come from the cache: that keeps a caller's
links with its code (`numba_internals.CodeCache`).

Reference: "Low-level extension API" in Numba's documentation; `add_symbol` in
llvmlite's.
"""

import hashlib
import inspect

from llvmlite import binding
from numba.core import cgutils
from numba.extending import intrinsic

from scratchnet.kernels.machine.numba_internals import (
    call_from_outside_only,
    symbols_in,
)

_functions = {}  # by name
_links = {}  # by symbol: (name, types of the arguments)


def callable_by_symbol(kernel):
    """Return what compiled functions can call in place of a compiled one."""
    function = kernel.py_func
    name = f"{function.__module__}.{function.__qualname__}"
    _functions[name] = kernel

    def call(typing_context, *kinds):
        link(name, kinds)
        signature = kernel.overloads[kinds].signature
        return signature, _caller(_symbol(name, kinds))

    own = inspect.signature(function)
    context = inspect.Parameter("typing_context", inspect.Parameter.POSITIONAL_ONLY)
    call.__signature__ = own.replace(parameters=[context, *own.parameters.values()])
    call.__name__, call.__doc__ = function.__name__, function.__doc__
    call.__module__, call.__qualname__ = function.__module__, function.__qualname__
    return intrinsic(call)


def link(name, kinds):
    """Compile a function for arguments of these types, and tell LLVM where it is."""
    symbol = _symbol(name, kinds)
    if symbol in _links:
        return
    kernel = _functions[name]
    kernel.compile(kinds)
    made = kernel.overloads[kinds]
    address = made.library.get_pointer_to_function(made.fndesc.llvm_func_name)
    binding.add_symbol(symbol, address)
    call_from_outside_only(made.library)
    _links[symbol] = name, kinds


def links_of(library):
    """Return what `link` has to be called with before this code can be loaded."""
    return [_links[name] for name in symbols_in(library) if name in _links]


def _symbol(name, kinds):
    """Return a symbol that is the same in every process."""
    digest = hashlib.sha256(repr(kinds).encode()).hexdigest()
    return f"{name}.{digest[:16]}"


def _caller(symbol):
    """Return what writes the call into the code of a caller."""

    def codegen(context, builder, signature, arguments):
        convention, kinds = context.call_conv, signature.args
        kind = convention.get_function_type(signature.return_type, kinds)
        function = cgutils.get_or_insert_function(builder.module, kind, symbol)
        status, result = convention.call_function(
            builder, function, signature.return_type, kinds, arguments
        )
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return result

    return codegen
