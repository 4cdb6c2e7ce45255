"""What must be set before Numba is imported."""

import hashlib
import os
import tempfile
from pathlib import Path


def kernels_digest() -> str:
    """Return a SHA-256 over names and contents of all files in scratchnet/kernels."""
    folder = Path(__file__).resolve().parent.parent / "scratchnet" / "kernels"
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        name, content = path.relative_to(folder).as_posix().encode(), path.read_bytes()
        digest.update(b"%d %d " % (len(name), len(content)) + name + content)
    return digest.hexdigest()


# Numba's cache does not see that a function calls one that was edited in another
# file. A folder per state of the kernels can't hold stale machine code.
if "NUMBA_CACHE_DIR" not in os.environ:
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    os.environ["NUMBA_CACHE_DIR"] = str(
        Path(tempfile.gettempdir(), f"scratchnet-numba-{user}", kernels_digest()[:32])
    )
