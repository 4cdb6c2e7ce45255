"""Machine code on disk, for as long as no kernel's source changes."""

import hashlib
from pathlib import Path

from numba.core.caching import CompileResultCacheImpl, FunctionCache

from scratchnet.kernels.machine.links import link, links_of
from scratchnet.kernels.machine.scipy_later import import_scipy_later


def _digest():
    """Return a digest of all the kernels' source."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


SOURCE = _digest()


class _CodeWithLinks(CompileResultCacheImpl):
    """Keeps with a function's code which others it calls, and loads those first."""

    def reduce(self, result):
        """Return what is written to disk."""
        return links_of(result.library), super().reduce(result)

    def rebuild(self, target_context, payload):
        """Return the function that was written."""
        links, own = payload
        for name, kinds in links:
            link(name, kinds)
        return super().rebuild(target_context, own)


class CodeCache(FunctionCache):
    """Numba's cache, except that it looks at the source of all kernels.

    Numba looks at the file of the function alone. Functions of other files are compiled
    into it, and what was compiled from their older text would be used for ever.
    """

    _impl_class = _CodeWithLinks

    def __init__(self, function):
        """Find the folder of the cache; RuntimeError if none can be written."""
        super().__init__(function)
        self._cache_file._source_stamp = (self._cache_file._source_stamp, SOURCE)

    def load_overload(self, signature, target_context):
        """Return what is on disk for a signature, or None."""
        import_scipy_later()
        return super().load_overload(signature, target_context)
