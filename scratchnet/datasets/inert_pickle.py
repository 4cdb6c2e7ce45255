"""Read pickles of plain values and arrays of bytes without running what they say.

A pickle is a small program: it names functions and says what to call them with. Here
its names are looked up among stand-ins for those by which NumPy pickles an array, which
only take in what they are given. Nothing is imported, no other name is known, and NumPy
never sees a dtype or an object that it would have to trust.

What a file costs is bounded by a multiple of its size. The unpickler is Python's own as
written in Python, since the one in C may allocate whatever number a file of a few bytes
names. Only the operations are kept that CIFAR's files need, in protocols 2 to 5. The
keys of dictionaries are text, so that no hash of nested tuples, which may take
exponential time, is computed; and no value is ever printed.

Reference: `pickletools` in Python's standard library documents every operation.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from scratchnet.foundation.errors import DatasetError

# Numbers, text and bytes; tuples, lists and dictionaries; the memo; names and calls.
OPERATIONS = (
    b"\x80\x95.NK\x88\x89MJ\x8aUCTB\x8e\x8cX)(t\x85\x86\x87]aesuqr\x94hjc\x93Rb"
)


class ByteArray:
    """Stands for an array of unsigned bytes; `values` is a view of the file's own."""

    values: npt.NDArray[np.uint8] = np.empty(0, np.uint8)

    def fill(self, state: Any) -> None:
        """Take what `numpy.ndarray.__reduce__` wrote down."""
        _, shape, dtype, fortran_order, data = state
        if type(dtype) is not UnsignedByte:
            raise pickle.UnpicklingError("an array without a dtype")
        order: Any = "F" if fortran_order else "C"
        self.values = np.frombuffer(data, np.uint8).reshape(shape, order=order)


class UnsignedByte:
    """Stands for the one dtype there is."""

    def fill(self, state: Any) -> None:
        """Ignore byte order and alignment: a byte has neither."""


class TextKeys(dict[str, Any]):
    """A dictionary whose keys are text; Python 2's byte strings become text."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        """Set an entry."""
        if type(key) not in (str, bytes):
            raise pickle.UnpicklingError(f"a {type(key).__name__} as a key")
        super().__setitem__(key if type(key) is str else key.decode("latin-1"), value)


def _ndarray() -> None:
    """Stand for the class, which `_reconstruct` is told to make one of."""


def _reconstruct(*_: Any) -> ByteArray:
    return ByteArray()


def _frombuffer(data: Any, dtype: Any, shape: Any, order: Any) -> ByteArray:
    array = ByteArray()
    array.fill((1, shape, dtype, order in ("F", b"F"), data))
    return array


def _dtype(code: Any, *_: Any) -> UnsignedByte:
    if code not in ("u1", b"u1"):
        raise pickle.UnpicklingError("an array of another dtype than 'u1'")
    return UnsignedByte()


STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _ndarray,
    ("numpy", "dtype"): _dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("numpy._core.numeric", "_frombuffer"): _frombuffer,
}


def _push_dictionary(unpickler: Any) -> None:
    unpickler.append(TextKeys())


def _build(unpickler: Any) -> None:
    """Give the topmost object its state, if it is one of ours."""
    state = unpickler.stack.pop()
    unpickler.stack[-1].fill(state)


class InertUnpickler(pickle._Unpickler):
    """Python's unpickler, with few operations and names that do nothing."""

    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        **{code: pickle._Unpickler.dispatch[code] for code in OPERATIONS},
        pickle.EMPTY_DICT[0]: _push_dictionary,
        pickle.BUILD[0]: _build,
        # What protocol 5 lets one write to is read as bytes: a `bytearray` would be
        # allocated, and filled with zeros, at the length that the file claims.
        pickle.BYTEARRAY8[0]: pickle._Unpickler.dispatch[pickle.BINBYTES8[0]],
    }

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        """Return the stand-in for a name."""
        if (module, name) not in STAND_INS:
            dotted = f"{module}.{name}"
            raise pickle.UnpicklingError(f"the import of {dotted[:100]!r} is refused")
        return STAND_INS[module, name]


class _Views(io.BytesIO):
    """A file that gives long stretches as views of its bytes instead of copies."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._content = memoryview(content)

    def read(self, size: int | None = -1) -> Any:
        if size is None or size < 4096:
            return super().read(size)
        start = self.tell()
        view = self._content[start : start + size]
        self.seek(start + len(view))
        return view


def load_dictionary(content: bytes, who: str) -> dict[str, Any]:
    """Decode a pickled dictionary.

    Args:
        content: the whole file.
        who: names the file in errors.

    Returns:
        A dictionary with text as keys. Among its values, Python 2's strings are bytes,
        and NumPy's arrays are `ByteArray`.

    Raises:
        DatasetError: the file is damaged, or holds or asks for anything else. Nothing
            else is raised.
    """
    try:
        value = InertUnpickler(_Views(content), encoding="bytes").load()
    except Exception as error:
        raise DatasetError(
            f"{who}: expected a pickle of plain values and arrays of unsigned bytes: "
            f"{type(error).__name__}: {error}"
        ) from error
    if type(value) is not TextKeys:
        raise DatasetError(
            f"{who}: expected a dictionary, received {type(value).__name__}"
        )
    return value
