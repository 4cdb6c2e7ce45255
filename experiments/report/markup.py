"""HTML in which every text is escaped unless it says that it is HTML already."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, *children: str, **attributes: str) -> Html:
    """Return an element with its children; what is not `Html` is escaped.

    Args:
        name: of the element; without children it has no end tag.
        children: texts and `Html`.
        attributes: an underscore at the end is dropped (``class_``), others become
            hyphens.

    >>> element("td", "a < b", class_="number")
    '<td class="number">a &lt; b</td>'
    """
    words = [name]
    for key, value in attributes.items():
        words.append(f'{key.rstrip("_").replace("_", "-")}="{escape(value)}"')
    opening = f"<{' '.join(words)}>"
    return Html(f"{opening}{join(children)}</{name}>" if children else opening)


def join(parts: Iterable[str], between: str = "") -> Html:
    """Return the parts one after the other, escaped where they are not `Html`."""
    return Html(
        between.join(part if isinstance(part, Html) else escape(part) for part in parts)
    )


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    left: int = 1,
) -> Html:
    """Return a table, the first ``left`` columns to the left, that scrolls sideways."""

    def line(cells: Sequence[str], kind: str) -> Html:
        return element(
            "tr",
            *(
                element(kind, cell, class_="text" if index < left else "number")
                for index, cell in enumerate(cells)
            ),
        )

    head = element("thead", line(header, "th"))
    body = element("tbody", *(line(row, "td") for row in rows), Html(""))
    # A keyboard can scroll only what it can reach.
    return element("div", element("table", head, body), class_="scroll", tabindex="0")


def data_url(content: bytes, kind: str = "image/png") -> str:
    """Return a file as an address that holds the file itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def json_script(identifier: str, content: Any) -> Html:
    """Return data for a script. No text in them can end the element early."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return element("script", Html(text), type="application/json", id=identifier)


def script_hash(source: str) -> str:
    """Return how a Content-Security-Policy names a script that may run."""
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
