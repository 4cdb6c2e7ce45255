"""What `numba_internals.py` takes for granted of Numba, one thing at a time.

A failure here after a new version of Numba says what has changed there.
"""

import importlib.util
import subprocess
import sys

import numba
import numpy as np
import pytest
from numba.core.caching import NullCache

from scratchnet.kernels.machine import links, numba_internals
from scratchnet.kernels.machine.compile import compiled

KERNELS = """
from scratchnet.kernels.machine.compile import compiled, compiled_once

@compiled_once
def twice(x):
    return 2 * x

@compiled
def twice_and_one(x):
    return twice(x) + 1
"""


@pytest.fixture
def made(tmp_path):
    """Return a module of two kernels that no earlier run has left compiled."""
    path = tmp_path / f"kernels_of_{tmp_path.name}.py"
    path.write_text(KERNELS)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[path.stem]


def library_of(kernel, argument):
    kernel(argument)
    (made,) = [o for s, o in kernel.overloads.items() if s == (numba.typeof(argument),)]
    return made.library


def test_numba_has_a_cache_that_looks_at_our_source_and_keeps_our_links(made):
    cache = compiled(lambda x: x)._cache
    assert isinstance(cache, numba_internals.CodeCache)
    other = numba_internals.CodeCache(cache._py_func, "other", None, None, None)
    assert cache._cache_file.stamp != other._cache_file.stamp
    stored, library = cache._impl, library_of(made.twice_and_one, 3)
    assert stored.links_of(library) == links.links_of(library) != []
    assert isinstance(numba.njit(lambda x: x)._cache, NullCache)  # the same attribute


def test_numba_writes_the_links_with_the_code_and_makes_them_again_first(made):
    library_of(made.twice_and_one, 4)
    (code,) = made.twice_and_one.overloads.values()
    stored, made_again = made.twice_and_one._cache._impl, []
    payload = stored.reduce(code)
    stored.link = lambda *own: made_again.append(own)
    try:
        stored.rebuild(made.twice_and_one.targetctx, payload)
    finally:
        stored.link = links.link
    assert made_again == [(f"{made.__name__}.twice", (numba.int64,))]


def test_numba_lists_the_symbols_of_compiled_code(made):
    called = links._symbol(f"{made.__name__}.twice", (numba.int64,))
    assert called in numba_internals.symbols_in(library_of(made.twice_and_one, 5))


def test_numba_keeps_code_for_others_to_take_in_and_runs_without_it():
    kernel = compiled(lambda x: x + 1)
    library = library_of(kernel, 1)
    assert library._shared_module is not None
    numba_internals.call_from_outside_only(library)
    assert library._shared_module is None
    assert kernel(2) == 3


@pytest.mark.parametrize("changed", ["dtype", "dimensions", "order", "read-only"])
def test_numba_tells_types_apart_by_fingerprints(changed):
    plain = np.ones((2, 3))
    other = {
        "dtype": plain.astype(np.float32),
        "dimensions": plain.reshape(-1),
        "order": np.asfortranarray(plain),
        "read-only": plain.copy(),
    }[changed]
    other.flags.writeable = changed != "read-only"
    own = numba_internals.fingerprint(((plain, 1), 2.0))
    assert own == numba_internals.fingerprint(((np.zeros((5, 7)), 3), 4.0))
    assert own != numba_internals.fingerprint(((other, 1), 2.0))


def test_numba_says_which_function_it_compiles():
    functions = []
    numba_internals.on_compile(functions.append)

    def example(x):
        return x

    numba.njit(example)(1)
    numba.njit(example)(1)
    assert functions.count(example) == 2


def test_numba_says_whether_its_threads_have_started():
    program = """
import numpy as np
from scratchnet import kernels
from scratchnet.kernels.machine.numba_internals import has_threads
print(has_threads())
x = np.zeros((600, 700))
kernels.softmax_forward(x, x)
print(has_threads())
"""
    assert run(program).split() == ["False", "True"]


def test_numba_compiles_under_a_lock():
    held = []
    numba_internals.on_compile(
        lambda _: held.append(numba_internals.compiler_lock.is_locked())
    )
    numba.njit(lambda x: x + 1)(1)
    assert held and all(held)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it may have none")
def test_numba_has_openmp_in_a_module_of_that_name():
    assert "numba.np.ufunc.omppool" in run("print(*sys.modules)").split()


def test_numba_looks_for_scipy_by_a_function_that_can_be_replaced():
    program = """
before = linalg.ensure_blas
from scratchnet.kernels.machine import numba_internals
assert numba_internals.ASKING not in sys.modules
numba_internals.import_scipy_later()
assert numba_internals.ASKING in sys.modules
assert linalg.ensure_blas is before
print("scipy.linalg" in sys.modules)
"""
    assert run("import numba.np.linalg as linalg" + program) == "False\n"


def run(program):
    process = subprocess.run(
        [sys.executable, "-c", f"import sys\nimport scratchnet.kernels\n{program}"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return process.stdout
