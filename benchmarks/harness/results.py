"""A benchmark's JSON: how it was measured, what is added to it, where it is written."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.harness import machine
from scratchnet.saving import atomic_write

FOLDER = machine.ROOT / "benchmarks" / "results"

Document = dict[str, Any]

# What may differ between two runs whose cases stand in one file: each case has its own.
OF_A_CASE = ("load_before", "date", "command", "commit")


def path_of(options: argparse.Namespace) -> Path:
    """Return the path of a benchmark's JSON."""
    return options.out / f"{options.benchmark}.json"


def begin(options: argparse.Namespace, **settings: Any) -> tuple[Document, Document]:
    """Begin a document, before anything is measured.

    Args:
        options: the command line's.
        settings: what else the figures depend on, beside machine, versions and rounds.

    Returns:
        It, and that of an earlier run in the same way, to which this run may add; it
        is empty if there is none, or with ``--replace``.

    Raises:
        SystemExit: the earlier run measured in another way, and ``--replace`` was not
            given.
    """
    described = machine.describe(options.threads)
    if (described["load_before"] or 0) > 0.5:
        say(
            f"others are using this machine (load {described['load_before']}): "
            "the figures will be worth little"
        )
    document = {
        "benchmark": options.benchmark,
        "quick": options.quick,
        "rounds": options.rounds,
        "machine": described,
        **settings,
    }
    path = path_of(options)
    earlier: Document = {}
    if path.exists() and not options.replace:
        earlier = read(path)
        theirs, ours = _conditions(earlier), _conditions(document)
        different = [
            f"{name} {theirs.get(name)!r} there and {ours[name]!r} now"
            for name in ours
            if theirs.get(name) != ours[name]
        ]
        if different:
            raise SystemExit(
                f"{path}: not overwritten, since it was measured in another way "
                f"({'; '.join(different)}): choose another folder with --out, or pass "
                "--replace to discard what is there"
            )
    return document, earlier


def _conditions(document: Document) -> dict[str, Any]:
    """Return what has to be the same in two documents."""
    flat = document | document.get("machine", {})
    return {name: flat[name] for name in flat if name not in ("machine", *OF_A_CASE)}


def dated(document: Document, found: dict[str, Any]) -> dict[str, Any]:
    """Return a case that says when it was measured, on which commit, at what load."""
    described = document["machine"]
    about = {name: described[name] for name in ("date", "commit", "load_before")}
    return about | found


def read(path: Path) -> Document:
    """Read a benchmark's JSON.

    Raises:
        SystemExit: there is none, or it is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SystemExit(
            f"{path}: can't be read as a benchmark's results ({error}): restore the "
            "file, or measure again with --replace"
        ) from error


def write_json(path: Path, document: Document) -> None:
    """Write a document whole or not at all."""
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    write_text(path, f"{text}\n")


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, and make its folder first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path, text=True) as file:
        file.write(text)


def write_picture(path: Path, figure: Any) -> None:
    """Write a figure as PNG, whole or not at all."""
    with atomic_write(path) as file:
        figure.savefig(file, format="png", dpi=120)


def say(text: str) -> None:
    """Print a line of progress at once, beside the results."""
    print(text, file=sys.stderr, flush=True)
