"""Where results go: JSON for machines, a picture for people, lines on the screen."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine

FOLDER = machine.ROOT / "benchmarks" / "results"


def parser(description: str, *, rounds: int) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks share."""
    made = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    made.add_argument(
        "--out", type=Path, default=FOLDER, help="folder for the JSON and the picture"
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


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number, received {text!r}")
    return int(text)


def names(*known: str) -> Any:
    """Return a reader of names separated by commas, or ``all``."""

    def read(text: str) -> list[str]:
        chosen = list(known) if text == "all" else text.split(",")
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(
                f"expected names out of {', '.join(known)}, received {unknown[0]!r}"
            )
        return chosen

    return read


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


SAME = ("cpu", "cores", "system", "python", "versions", "threads")
"""What has to be the same of two machines for their cases to stand in one file."""


def measured(document: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """Return a case that says when it was measured, on which commit, beside what load.

    What it says already is kept.
    """
    about = document["machine"]
    return {**{key: about[key] for key in ("date", "commit", "load_before")}, **case}


def earlier_cases(
    folder: Path, document: dict[str, Any], models: Sequence[str]
) -> dict[str, Any]:
    """Return the cases of the file that is there, without those to be measured now.

    They are kept if they were measured in the same way: on the same machine with the
    same versions, threads and rounds, against the same libraries.
    """
    path = folder / f"{document['benchmark']}.json"
    if not path.is_file():
        return {}
    earlier = json.loads(path.read_text(encoding="utf-8"))
    machines = earlier["machine"], document["machine"]
    theirs, ours = ([machine[key] for key in SAME] for machine in machines)
    alike = ("quick", "rounds", "libraries")
    if theirs != ours or any(earlier.get(key) != document[key] for key in alike):
        return {}
    return {
        name: measured(earlier, case)
        for name, case in earlier["cases"].items()
        if name not in models
    }


def write(folder: Path, document: dict[str, Any], figure: Any = None) -> Path:
    """Write ``<benchmark>.json``, and the picture beside it, if there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{document['benchmark']}.json"
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    if figure is not None:
        figure.savefig(path.with_suffix(".png"), dpi=120)
    return path


def say(text: str) -> None:
    """Print a line of progress at once, beside the results."""
    print(text, file=sys.stderr, flush=True)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, its first column to the left.

    >>> print(table(["model", "ms"], [["ANN", "0.4"]]))
    | model | ms |
    |---|---:|
    | ANN | 0.4 |
    """
    ruler = ["---", *["---:"] * (len(header) - 1)]
    lines = [" | ".join(row) for row in (header, *rows)]
    return "\n".join(
        [f"| {lines[0]} |", f"|{'|'.join(ruler)}|"]
        + [f"| {line} |" for line in lines[1:]]
    )
