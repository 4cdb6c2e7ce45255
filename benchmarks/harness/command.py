"""A benchmark's command: its options, and the way from measuring to showing."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import machine, results
from benchmarks.harness.results import Document, say


def parser(benchmark: str, doc: str, *, rounds: int) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks share.

    Args:
        benchmark: the name of its module, and of its files.
        doc: its docstring.
        rounds: how many there are by default.
    """
    made = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{benchmark}",
        description=doc.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    made.set_defaults(benchmark=benchmark)
    made.add_argument(
        "--out",
        type=Path,
        default=argparse.SUPPRESS,
        help="folder for the JSON and the picture (default: "
        f"{results.FOLDER.relative_to(machine.ROOT)}; of a quick run: a new one)",
    )
    made.add_argument(
        "--threads", type=_positive, default=machine.cores(), help="for every library"
    )
    made.add_argument(
        "--rounds", type=_positive, default=rounds, help="turns that everybody takes"
    )
    flags = {
        "--quick": "tiny sizes, at most two rounds: shows that it works",
        "--replace": "discard earlier results instead of adding to them",
        "--redraw": "measure nothing: picture and table of the JSON that is there",
    }
    for flag, text in flags.items():
        made.add_argument(flag, action="store_true", help=text)
    return made


def add_names(
    parser: argparse.ArgumentParser,
    option: str,
    known: Sequence[str],
    default: str = "all",
) -> None:
    """Add an option that takes some of the known names, separated by commas."""

    def read(text: str) -> list[str]:
        chosen = list(known) if text == "all" else text.replace("-", "_").split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"unknown name {name!r}; there are: {', '.join(known)}"
                )
        return [name for name in known if name in chosen]

    parser.add_argument(option, type=read, default=default, help=", ".join(known))


def _positive(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer, got {text!r}")
    return value


def parse(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None
) -> argparse.Namespace:
    """Read a command line; a quick run stays away from the results that count."""
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds = min(options.rounds, 2)
    if "out" not in options:
        options.out = results.FOLDER
        if options.quick:
            options.out = Path(tempfile.mkdtemp(prefix="scratchnet-quick-"))
            say(f"a quick run: its results go to {options.out}")
    return options


def run(
    options: argparse.Namespace,
    measure: Callable[[argparse.Namespace], Iterator[Document]],
    as_table: Callable[[Document], str],
    picture: Callable[[Document], Any] | None = None,
) -> Document:
    """Measure, or read what was measured, and show it.

    Args:
        options: from `parse`.
        measure: yields the document each time that something was added to it. It is
            written then, so that a run that ends early keeps what it has.
        as_table: returns the document as text in Markdown.
        picture: draws it; None where the table says it all.
    """
    path = results.path_of(options)
    if options.redraw:
        document = results.read(path)
    else:
        for document in measure(options):
            results.write_json(path, document)
    if picture is not None:
        results.write_picture(path.with_suffix(".png"), picture(document))
    say(f"written: {path}" + (" and .png" if picture is not None else ""))
    print(as_table(document))
    return document
