"""Text on standard output, whatever characters that has, if it is there at all.

A pipe on Windows, or ``PYTHONIOENCODING=ascii``, knows no lines of a table and no Greek
letters. There they are written with what every code page has, and training goes on.
"""

from __future__ import annotations

import codecs
import functools
import io
import os
import sys
import unicodedata
from collections.abc import Callable
from typing import Any

PLAIN = {
    **dict.fromkeys("─━═", "-"),
    **dict.fromkeys("│┃║⎥⎢", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼┏┓┗┛┡┩╇╒╕╘╛╞╡╪╧╤", "+"),
    **{"·": "*", "×": "x", "∗": "*", "−": "-", "–": "-", "…": "...", "→": "->"},
    **{"←": "<-", "≤": "<=", "≥": ">=", "≠": "!=", "±": "+-", "√": "sqrt"},
    **{"∑": "sum", "∂": "d", "‖": "||", "′": "'", "∞": "inf", "∈": "in"},
    **{"⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "⁻": "-", "⁄": "/"},
}


def _plainly(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    unknown = error.object[error.start : error.end]
    return "".join(map(_plain, unknown)), error.end


def _plain(character: str) -> str:
    if character in PLAIN:
        return PLAIN[character]
    name = unicodedata.name(character, "")
    if name.startswith("GREEK "):
        return name.split()[-1].lower()
    parts = unicodedata.normalize("NFKD", character)
    return "".join(PLAIN.get(c, c) for c in parts if PLAIN.get(c, c).isascii()) or "?"


# The name of this way out, for ``str.encode(…, PLAINLY)`` and ``stream.reconfigure``.
PLAINLY = "scratchnet.plainly"

codecs.register_error(PLAINLY, _plainly)


def shown(text: str, stream: Any = None) -> str:
    """Return a text as a stream, standard output by default, can show it.

    >>> shown("√(β₂ · 10⁻⁷) → …")
    '√(β₂ · 10⁻⁷) → …'
    >>> print("√(β₂ · 10⁻⁷) → …".encode("ascii", PLAINLY).decode())
    sqrt(beta2 * 10-7) -> ...
    """
    encoding = getattr(stream or sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, PLAINLY).decode(encoding)


def show(text: str) -> None:
    """Print a text as far as standard output can show it; nothing if there is none."""
    if sys.stdout is not None:
        print(shown(text), flush=True)


def command(main: Callable[..., int]) -> Callable[..., int]:
    """Let a program's main function print whatever the terminal can show.

    Where nobody reads on, as after ``| head``, it ends without a word.
    """

    @functools.wraps(main)
    def run(*words: Any) -> int:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors=PLAINLY)
        try:
            status = main(*words)
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more at its end, and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141  # as a shell says of a program that SIGPIPE ended
        return status

    return run
