"""Everything that kernels use of Numba and that its next version may change.

`setup.cfg` says which versions of Numba have it, and
`tests/kernels/test_numba_internals.py` has a test of each thing: run those before
raising the ceiling.

    CodeCache               numba.core.caching, _impl, _impl_class, _cache_file
    keep_on_disk            _cache
    symbols_in              _final_module
    call_from_outside_only  _shared_module
    fingerprint             numba._dispatcher.compute_fingerprint
    on_compile              numba.core.event
    load_openmp             numba.np.ufunc.omppool
    has_threads             numba.np.ufunc.parallel._is_initialized
    compiler_lock           numba.core.compiler_lock
    import_scipy_later      numba.np.linalg.ensure_blas
"""

import importlib
import importlib.util
import os
import sys

import numba
from numba._dispatcher import compute_fingerprint
from numba.core import event
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.compiler_lock import global_compiler_lock as _compiler_lock
from numba.np.ufunc import parallel

from scratchnet.kernels.machine.code_files import CodeFiles


class _CodeWithLinks(CompileResultCacheImpl):
    """Keeps with a function's code which others it calls, and loads those first."""

    links_of = link = None  # set by `CodeCache`

    def reduce(self, result):
        """Return what is written to disk."""
        return self.links_of(result.library), super().reduce(result)

    def rebuild(self, target_context, payload):
        """Return the function that was written."""
        links, own = payload
        for name, kinds in links:
            self.link(name, kinds)
        return super().rebuild(target_context, own)


class CodeCache(FunctionCache):
    """Numba's cache on disk, except that it looks at more, and is never in the way.

    Numba looks at the file of the function alone. Functions of other files are compiled
    into it, and what was compiled from their older text would be used for ever.

    Numba also runs whatever its files hold, and fails where they can't be read or
    written. Here a function is then compiled as if there were none.
    """

    _impl_class = _CodeWithLinks

    def __init__(self, function, source, links_of, link, on_failure):
        """Find the folder of the cache.

        Args:
            function: what is compiled.
            source: a digest of all that may be compiled into it.
            links_of: returns which functions the code of a library calls by symbol.
            link: makes one of these callable.
            on_failure: is called with the error where code can't be written.

        Raises:
            RuntimeError: no folder can be written.
        """
        super().__init__(function)
        self._impl.links_of, self._impl.link = links_of, link
        stamp = numba.__version__, self._impl.locator.get_source_stamp(), source
        self._cache_file = CodeFiles(self.cache_path, self._impl.filename_base, stamp)
        self.on_failure = on_failure

    def load_overload(self, signature, target_context):
        """Return what is on disk for a signature; None if that is of no use."""
        import_scipy_later()
        try:
            return super().load_overload(signature, target_context)
        except Exception:  # of whatever kind: the function is compiled
            return None

    def save_overload(self, signature, result):
        """Write what was compiled for a signature, if that is possible."""
        try:
            super().save_overload(signature, result)
        except OSError as error:
            self.on_failure(error)


def keep_on_disk(dispatcher, cache):
    """Let a compiled function look into a cache before it is compiled."""
    dispatcher._cache = cache


def symbols_in(library):
    """Return the names of the functions that compiled code has or calls."""
    return [function.name for function in library._final_module.functions]


def call_from_outside_only(library):
    """Drop what Numba keeps for later functions that would take this code in.

    A megabyte or so for each kernel, of no use where no compiled function takes it in.
    The machine code stays.
    """
    library._shared_module = None


# Returns bytes that are the same for values of the same types; Numba's public `typeof`
# takes longer.
fingerprint = compute_fingerprint


# Held while Numba compiles.
compiler_lock = _compiler_lock


def on_compile(call):
    """Call ``call(function)`` whenever Numba begins to compile a function."""

    class Listener(event.Listener):
        def on_start(self, event):
            call(event.data["dispatcher"].py_func)

        def on_end(self, event):
            pass

    event.register("numba:compile", Listener())


def load_openmp(spin_count):
    """Load Numba's OpenMP threads, set to sleep soon after a kernel.

    The variable is read once, when the library is loaded, so it need not stay in the
    environment.

    Args:
        spin_count: how often a thread looks for work before it sleeps, unless the
            environment says how.
    """
    name = "GOMP_SPINCOUNT"
    if name in os.environ or "OMP_WAIT_POLICY" in os.environ:
        return
    os.environ[name] = str(spin_count)
    try:
        importlib.import_module("numba.np.ufunc.omppool")
    except ImportError:
        pass  # no OpenMP here: Numba takes another threading layer
    finally:
        del os.environ[name]


def has_threads():
    """Tell whether Numba has started the threads that kernels run on."""
    return bool(parallel._is_initialized)


# The module of Numba that imports SciPy when it is imported itself.
ASKING = "numba.np.arraymath"


def import_scipy_later():
    """Let Numba see that SciPy is installed without importing it.

    Before Numba runs its first function it imports `scipy.linalg`, to see whether there
    is a BLAS for compiled code that multiplies matrices by ``@``. No kernel does; and
    with a second OpenBLAS, SciPy takes time and 18 MiB (`benchmarks/README.md`).

    To be called before Numba runs its first function. A function of anybody's that
    multiplies matrices imports SciPy when it is compiled, as Numba checks there again.
    """
    if ASKING in sys.modules:
        return
    import numba.np.linalg as linalg

    check = linalg.ensure_blas
    linalg.ensure_blas = _look_for_scipy
    try:
        importlib.import_module(ASKING)
    finally:
        linalg.ensure_blas = check


def _look_for_scipy():
    if importlib.util.find_spec("scipy") is None:
        raise ImportError("scipy is not installed")
