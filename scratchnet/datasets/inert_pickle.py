"""A pickle reader that can run no code.

Python's own unpickler imports what a file names and calls it. This one knows only the
opcodes that CIFAR's files need (protocols 2 to 5), and of a file's imports only the
names by which NumPy pickles an array. Those names become marks, not objects: nothing is
imported, nothing is called, and an array, of unsigned bytes only, stays a record of its
shape and a view of the file's own bytes, for the caller to check.

What bounds it:

- a length in the file is compared with the bytes that are left before anything is read;
- at most `MAX_OPERATIONS` opcodes are carried out, so small opcodes can't fill memory;
- keys of dictionaries are text or bytes, so no hash of nested tuples is ever computed;
- results are never printed or walked recursively.

Reference: `pickletools` in Python's standard library documents every opcode.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scratchnet.foundation.errors import DatasetError

# CIFAR-100's largest file has 255,000 opcodes.
MAX_OPERATIONS = 500_000

# Longer byte strings stay views of the file.
COPIED_BYTES = 4096


class Mark(enum.Enum):
    """What a permitted import turns into."""

    RECONSTRUCT = "an empty array, to be filled by BUILD"
    FROM_BUFFER = "an array from a buffer"
    NDARRAY = "the class of arrays"
    DTYPE = "the class of dtypes"
    UNSIGNED_BYTE = "the one dtype that there is"


PERMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): Mark.RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): Mark.RECONSTRUCT,
    ("numpy.core.numeric", "_frombuffer"): Mark.FROM_BUFFER,
    ("numpy._core.numeric", "_frombuffer"): Mark.FROM_BUFFER,
    ("numpy", "ndarray"): Mark.NDARRAY,
    ("numpy", "dtype"): Mark.DTYPE,
}


@dataclass
class ArrayRecord:
    """A pickled array of unsigned bytes: shape, memory order and its bytes."""

    shape: tuple[int, ...] = ()
    fortran_order: bool = False
    data: bytes | memoryview = b""


def loads(content: bytes, who: str) -> Any:
    """Decode a pickle into plain values and `ArrayRecord`s.

    Args:
        content: the whole file.
        who: names the file in errors.

    Returns:
        None, bool, int, str, bytes, memoryview, tuple, list, dict or `ArrayRecord`.
        Python 2's strings become bytes.

    Raises:
        DatasetError: the file is truncated, uses another opcode, imports another name,
            or holds a value of the wrong type. Nothing else is raised.
    """
    reader = _Reader(content)
    try:
        return reader.run()
    except DatasetError as error:
        raise DatasetError(f"{who}: {error} (at byte {reader.position})") from error
    except Exception as error:
        raise DatasetError(
            f"{who}: not a pickle that can be read, {type(error).__name__} "
            f"at byte {reader.position}"
        ) from error


class _Reader:
    """The pickle machine: a stack, marks on it, and a memo."""

    def __init__(self, content: bytes) -> None:
        self.view = memoryview(content)
        self.position = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Carry out opcodes until STOP."""
        for _ in range(MAX_OPERATIONS):
            code = self.byte()
            if code == STOP:
                return self.result()
            operation = _OPERATIONS.get(code)
            if operation is None:
                raise DatasetError(f"opcode 0x{code:02x} is not permitted")
            operation(self)
        raise DatasetError(f"more than {MAX_OPERATIONS} opcodes")

    def result(self) -> Any:
        """Return the one value that must be left at STOP, at the end of the file."""
        if len(self.stack) != 1 or self.marks:
            raise DatasetError(f"{len(self.stack)} values on the stack at STOP")
        if self.position != len(self.view):
            raise DatasetError(f"{len(self.view) - self.position} bytes after STOP")
        return self.stack[0]

    def take(self, size: int) -> memoryview:
        """Return the next `size` bytes."""
        end = self.position + size
        if size < 0 or end > len(self.view):
            raise DatasetError(
                f"expected {size} more bytes, {len(self.view) - self.position} are left"
            )
        taken = self.view[self.position : end]
        self.position = end
        return taken

    def byte(self) -> int:
        """Return the next byte."""
        if self.position == len(self.view):
            raise DatasetError("the file ends in the middle")
        value = self.view[self.position]
        self.position += 1
        return value

    def unsigned(self, size: int) -> int:
        """Return the next `size` bytes as a little-endian unsigned integer."""
        return int.from_bytes(self.take(size), "little")

    def line(self) -> str:
        """Return the bytes up to the next line feed, as ASCII: GLOBAL's arguments."""
        head = bytes(self.view[self.position : self.position + 256])
        length = head.find(b"\n")
        if length < 0:
            raise DatasetError("a name longer than 256 bytes")
        self.position += length + 1
        return head[:length].decode("ascii")

    def pop(self, *types: type) -> Any:
        """Take the topmost value, which must be of one of the types."""
        value = self.stack.pop()
        if types and type(value) not in types:
            raise DatasetError(f"a {type(value).__name__} where it has no place")
        return value

    def pop_to_mark(self) -> list[Any]:
        """Take all values above the topmost mark."""
        start = self.marks.pop()
        if start > len(self.stack):
            raise DatasetError("a mark above the stack")
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def top(self, kind: type) -> Any:
        """Return the topmost value, left in place, which must be of this type."""
        value = self.stack[-1]
        if type(value) is not kind:
            raise DatasetError(
                f"a {type(value).__name__} where a {kind.__name__} belongs"
            )
        return value

    def remember(self, key: int) -> None:
        self.memo[key] = self.stack[-1]

    def recall(self, key: int) -> None:
        self.stack.append(self.memo[key])


STOP = ord(".")
_OPERATIONS: dict[int, Callable[[_Reader], None]] = {}


def _opcode(*codes: bytes) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the function that carries out these opcodes."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        for code in codes:
            _OPERATIONS[code[0]] = function
        return function

    return register


@_opcode(b"\x80")
def _protocol(reader: _Reader) -> None:
    version = reader.byte()
    if not 2 <= version <= 5:
        raise DatasetError(f"expected pickle protocol 2 to 5, received {version}")


@_opcode(b"\x95")
def _frame(reader: _Reader) -> None:
    size = reader.unsigned(8)
    if size > len(reader.view) - reader.position:
        raise DatasetError(f"a frame of {size} bytes is longer than the file")


# --- constants and numbers -----------------------------------------------------------


@_opcode(b"N")
def _none(reader: _Reader) -> None:
    reader.stack.append(None)


@_opcode(b"\x88")
def _true(reader: _Reader) -> None:
    reader.stack.append(True)


@_opcode(b"\x89")
def _false(reader: _Reader) -> None:
    reader.stack.append(False)


@_opcode(b"K")
def _byte(reader: _Reader) -> None:
    reader.stack.append(reader.byte())


@_opcode(b"M")
def _two_bytes(reader: _Reader) -> None:
    reader.stack.append(reader.unsigned(2))


@_opcode(b"J")
def _four_bytes(reader: _Reader) -> None:
    reader.stack.append(int.from_bytes(reader.take(4), "little", signed=True))


@_opcode(b"\x8a")
def _long(reader: _Reader) -> None:
    digits = reader.take(reader.byte())
    reader.stack.append(int.from_bytes(digits, "little", signed=True))


# --- text and bytes ------------------------------------------------------------------


def _push_bytes(reader: _Reader, size: int) -> None:
    taken = reader.take(size)
    reader.stack.append(bytes(taken) if size <= COPIED_BYTES else taken)


@_opcode(b"U", b"C")
def _short_bytes(reader: _Reader) -> None:
    _push_bytes(reader, reader.byte())


@_opcode(b"T")
def _python2_string(reader: _Reader) -> None:
    (size,) = struct.unpack("<i", reader.take(4))
    _push_bytes(reader, size)


@_opcode(b"B")
def _bytes(reader: _Reader) -> None:
    _push_bytes(reader, reader.unsigned(4))


@_opcode(b"\x8e", b"\x96")
def _long_bytes(reader: _Reader) -> None:
    _push_bytes(reader, reader.unsigned(8))


@_opcode(b"\x8c")
def _short_text(reader: _Reader) -> None:
    reader.stack.append(str(reader.take(reader.byte()), "utf-8"))


@_opcode(b"X")
def _text(reader: _Reader) -> None:
    reader.stack.append(str(reader.take(reader.unsigned(4)), "utf-8"))


# --- containers ----------------------------------------------------------------------


@_opcode(b"(")
def _mark(reader: _Reader) -> None:
    reader.marks.append(len(reader.stack))


@_opcode(b")")
def _empty_tuple(reader: _Reader) -> None:
    reader.stack.append(())


@_opcode(b"t")
def _tuple(reader: _Reader) -> None:
    reader.stack.append(tuple(reader.pop_to_mark()))


@_opcode(b"\x85")
def _tuple_of_one(reader: _Reader) -> None:
    reader.stack.append((reader.pop(),))


@_opcode(b"\x86")
def _tuple_of_two(reader: _Reader) -> None:
    second, first = reader.pop(), reader.pop()
    reader.stack.append((first, second))


@_opcode(b"\x87")
def _tuple_of_three(reader: _Reader) -> None:
    third, second, first = reader.pop(), reader.pop(), reader.pop()
    reader.stack.append((first, second, third))


@_opcode(b"]")
def _empty_list(reader: _Reader) -> None:
    reader.stack.append([])


@_opcode(b"a")
def _append(reader: _Reader) -> None:
    value = reader.pop()
    reader.top(list).append(value)


@_opcode(b"e")
def _appends(reader: _Reader) -> None:
    values = reader.pop_to_mark()
    reader.top(list).extend(values)


@_opcode(b"}")
def _empty_dictionary(reader: _Reader) -> None:
    reader.stack.append({})


def _set_item(target: dict[Any, Any], key: Any, value: Any) -> None:
    if type(key) not in (str, bytes):
        raise DatasetError(f"a {type(key).__name__} as a dictionary's key")
    if key in target:
        raise DatasetError("the same key twice in a dictionary")
    target[key] = value


@_opcode(b"s")
def _set_one(reader: _Reader) -> None:
    value, key = reader.pop(), reader.pop()
    _set_item(reader.top(dict), key, value)


@_opcode(b"u")
def _set_many(reader: _Reader) -> None:
    values = reader.pop_to_mark()
    target = reader.top(dict)
    for key, value in zip(values[::2], values[1::2], strict=True):
        _set_item(target, key, value)


# --- memo ----------------------------------------------------------------------------


@_opcode(b"q")
def _put_short(reader: _Reader) -> None:
    reader.remember(reader.byte())


@_opcode(b"r")
def _put(reader: _Reader) -> None:
    reader.remember(reader.unsigned(4))


@_opcode(b"\x94")
def _memoize(reader: _Reader) -> None:
    reader.remember(len(reader.memo))


@_opcode(b"h")
def _get_short(reader: _Reader) -> None:
    reader.recall(reader.byte())


@_opcode(b"j")
def _get(reader: _Reader) -> None:
    reader.recall(reader.unsigned(4))


# --- what NumPy needs, as records ----------------------------------------------------


def _push_mark(reader: _Reader, module: str, name: str) -> None:
    mark = PERMITTED.get((module, name))
    if mark is None:
        raise DatasetError(f"the import of {f'{module}.{name}'[:100]!r} is refused")
    reader.stack.append(mark)


@_opcode(b"c")
def _global(reader: _Reader) -> None:
    module = reader.line()
    _push_mark(reader, module, reader.line())


@_opcode(b"\x93")
def _stack_global(reader: _Reader) -> None:
    name, module = reader.pop(str), reader.pop(str)
    _push_mark(reader, module, name)


@_opcode(b"R")
def _reduce(reader: _Reader) -> None:
    """Carry out a "call": every permitted one makes a record from its arguments."""
    arguments = reader.pop(tuple)
    mark = reader.pop(Mark)
    if mark is Mark.DTYPE:
        code = _as_text(arguments[0])
        if code != "u1":
            raise DatasetError(f"expected an array of dtype 'u1', received {code!r}")
        reader.stack.append(Mark.UNSIGNED_BYTE)
    elif mark is Mark.RECONSTRUCT and arguments[0] is Mark.NDARRAY:
        reader.stack.append(ArrayRecord())
    elif mark is Mark.FROM_BUFFER:
        data, dtype, shape, order = arguments
        record = ArrayRecord()
        _fill(record, dtype, shape, _as_text(order) == "F", data)
        reader.stack.append(record)
    else:
        raise DatasetError(f"a call of {mark.name} that NumPy would not write")


@_opcode(b"b")
def _build(reader: _Reader) -> None:
    """Give a record its state."""
    state = reader.pop(tuple)
    target = reader.stack[-1]
    if type(target) is ArrayRecord:
        _, shape, dtype, fortran_order, data = state
        _fill(target, dtype, shape, fortran_order, data)
    elif target is Mark.UNSIGNED_BYTE:
        _check_dtype_state(state)
    else:
        raise DatasetError(f"BUILD on a {type(target).__name__}")


def _fill(
    record: ArrayRecord, dtype: Any, shape: Any, fortran_order: Any, data: Any
) -> None:
    if dtype is not Mark.UNSIGNED_BYTE or type(shape) is not tuple:
        raise DatasetError("an array without dtype and shape")
    if len(shape) > 32 or any(type(size) is not int or size < 0 for size in shape):
        raise DatasetError("an array's shape with something else than sizes in it")
    if type(fortran_order) not in (bool, int):
        raise DatasetError(f"a {type(fortran_order).__name__} as memory order")
    if type(data) not in (bytes, memoryview):
        raise DatasetError(f"a {type(data).__name__} as an array's bytes")
    record.shape = shape
    record.fortran_order = bool(fortran_order)
    record.data = data


def _check_dtype_state(state: tuple[Any, ...]) -> None:
    """Refuse dtypes with fields or subarrays: (version, byte order, None, None, …)."""
    if not 5 <= len(state) <= 9 or any(part is not None for part in state[2:5]):
        raise DatasetError("a dtype with fields")


def _as_text(value: Any) -> str:
    if type(value) is bytes:
        return value.decode("ascii")
    if type(value) is not str:
        raise DatasetError(f"a {type(value).__name__} where text belongs")
    return value
