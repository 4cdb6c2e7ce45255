"""Files of compiled code, read back only if they are as they were written.

A job that was killed, a full disk or a copy that went wrong leave files that are empty,
cut short or of something else; run as code, they end the process. So a file begins with
the SHA-256 of what it is for and of what it holds. A file that does not is no file.
"""

import hashlib
import pickle
from pathlib import Path

from numba.core.serialize import dumps

from scratchnet.foundation.files import write_whole

DIGEST = 32  # bytes


class CodeFiles:
    """The files of one function, one for each key.

    A function that has changed writes files of another stamp and takes the older away.
    """

    def __init__(self, folder, name, stamp):
        """Take the folder, the function's name, and what says which text it has."""
        self.folder, self.name = Path(folder), name
        self.stamp = hashlib.sha256(repr(stamp).encode()).hexdigest()[:16]

    def load(self, key):
        """Return what was saved for a key, or None."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        code = data[DIGEST:]
        if data[:DIGEST] != _digest(path, code):
            return None
        return pickle.loads(code)

    def save(self, key, what):
        """Write a file.

        Raises:
            OSError: it can't be written.
        """
        path, code = self._path(key), dumps(what)
        with write_whole(path) as file:
            file.write(_digest(path, code) + code)
        for other in self.folder.glob(f"{self.name}.*"):
            if not other.name.startswith(f"{self.name}.{self.stamp}."):
                other.unlink(missing_ok=True)

    def _path(self, key):
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:32]
        return self.folder / f"{self.name}.{self.stamp}.{digest}.nbc"


def _digest(path, code):
    return hashlib.sha256(path.name.encode() + code).digest()
