"""Where results go: JSON for machines, a picture for people, lines on the screen."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import machine
from experiments.arguments import positive
from scratchnet.saving import atomic_write

FOLDER = machine.ROOT / "benchmarks" / "results"


class ResultsError(SystemExit):
    """Results that are there can't be used or written over: ends the command."""


def parser(description: str, *, rounds: int) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks share; see `parse`."""
    made = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    made.add_argument(
        "--out",
        type=Path,
        default=argparse.SUPPRESS,
        help="folder for the JSON and the picture (default: "
        f"{FOLDER.relative_to(machine.ROOT)}; of a quick run: a new temporary one)",
    )
    made.add_argument(
        "--replace",
        action="store_true",
        help="write over results that were measured otherwise, or can't be read",
    )
    made.add_argument(
        "--threads", type=positive, default=machine.cores(), help="for every library"
    )
    made.add_argument(
        "--rounds", type=positive, default=rounds, help="turns that everybody takes"
    )
    made.add_argument(
        "--quick",
        action="store_true",
        help="tiny sizes and few rounds: shows that it works, measures nothing",
    )
    return made


def parse(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None
) -> argparse.Namespace:
    """Read a command line; a quick run stays away from the results that count."""
    options = parser.parse_args(arguments)
    if "out" not in options:
        options.out = _temporary_folder() if options.quick else FOLDER
    return options


def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="scratchnet-quick-"))
    say(f"a quick run: its results go to {folder}")
    return folder


def document(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Begin a result: what was measured, where, with what."""
    described = machine.describe(options.threads)
    if (described["load_before"] or 0) > 0.5:
        say(
            f"others use this machine (load {described['load_before']}): "
            "the figures will be worth little"
        )
    return {
        "benchmark": name,
        "quick": options.quick,
        "rounds": options.rounds,
        "machine": described,
    }


SAME = ("cpu", "cores", "system", "python", "threads")
"""What has to be the same of two machines, beside the versions of the packages that
take part, for their cases to stand in one file."""


def earlier(
    options: argparse.Namespace, document: dict[str, Any], *, alike: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the results that will be written over, if they were measured alike.

    That is: on the same machine with the same versions, threads and rounds.

    Args:
        options: ``out``, the folder, and ``replace``.
        document: the new one, before anything is measured.
        alike: what else has to be the same in both documents.

    Returns:
        The document that is there. It is empty if there is none, or if there is
        another one that may be replaced.

    Raises:
        ResultsError: without ``replace``, it was measured otherwise or can't be read.
    """
    path = options.out / f"{document['benchmark']}.json"
    if not path.exists():
        return {}
    try:
        found = read(path)
    except ResultsError:
        if options.replace:
            return {}
        raise
    theirs, ours = (_settings(one, alike) for one in (found, document))
    different = [
        f"{name} {theirs.get(name)!r} there and {ours.get(name)!r} now"
        for name in {**theirs, **ours}
        if theirs.get(name) != ours.get(name)
    ]
    if different and not options.replace:
        raise ResultsError(
            f"{path}: not written over, for it was measured otherwise "
            f"({'; '.join(different)}): choose another folder with --out, or pass "
            "--replace to lose what is there"
        )
    return {} if different else found


def _settings(document: dict[str, Any], alike: Sequence[str]) -> dict[str, Any]:
    """Return how a document was measured, name by name."""
    about, versions = document["machine"], document["machine"].get("versions", {})
    with_peers = "missing" in document
    packages = (*machine.PACKAGES, *(machine.PEERS if with_peers else ()))
    return {
        **{name: document.get(name) for name in ("quick", "rounds", *alike)},
        **{name: about.get(name) for name in SAME},
        **{name: versions.get(name) for name in packages},
    }


def kept(document: dict[str, Any], part: str = "cases") -> dict[str, Any]:
    """Return the cases of an earlier document, each with where it comes from."""
    cases = document.get(part, {})
    return {name: measured(document, case) for name, case in cases.items()}


def measured(document: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """Return a case that says when it was measured, on which commit, beside what load.

    What it says already is kept.
    """
    about = document["machine"]
    return {**{key: about[key] for key in ("date", "commit", "load_before")}, **case}


def read(path: Path) -> dict[str, Any]:
    """Read a benchmark's JSON.

    Raises:
        ResultsError: it is damaged, or something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        fault = str(error)
    else:
        if isinstance(found, dict) and isinstance(found.get("machine"), dict):
            return found
        fault = "it does not say on which machine it was measured"
    raise ResultsError(
        f"{path}: can't be read as a benchmark's results: {fault}; restore the file, "
        "or measure again with --replace"
    )


def write(folder: Path, document: dict[str, Any], figure: Any = None) -> Path:
    """Write ``<benchmark>.json``, and the picture beside it, if there is one."""
    path = folder / f"{document['benchmark']}.json"
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    write_text(path, f"{text}\n")
    if figure is not None:
        write_picture(path.with_suffix(".png"), figure)
    return path


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
