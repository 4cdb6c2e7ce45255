"""``scratchnet port``: a Keras notebook or script, turned into one for scratchnet."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command to ``scratchnet``'s."""
    parser = subparsers.add_parser(
        "port",
        help="convert a Keras notebook or script",
        description=(
            "Write a copy of a Keras notebook (.ipynb) or script (.py) that imports "
            "scratchnet, and list what of it is missing here, by cell and line; code "
            "cells are counted from 1. Nothing of it is run. In a copy of a notebook, "
            "old outputs are left out."
        ),
        epilog=(
            "Exit status: 0 if all it uses is there, 1 if something is missing, 2 if "
            "the file can't be read or the copy can't be written."
        ),
    )
    parser.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    parser.add_argument(
        "--check", action="store_true", help="only list what is missing, write nothing"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="name of the copy (default: NOTEBOOK's, with -scratchnet before its "
        "ending, if there is no such file yet)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Convert, write, and print the list.

    Returns:
        0 if all is there, 1 if something is missing, 2 if a file is at fault.
    """
    from scratchnet.foundation.errors import CheckpointError
    from scratchnet.porting.convert import Conversion
    from scratchnet.porting.source import Document, SourceError

    try:
        document = Document(arguments.notebook)
        conversion = Conversion(document)
        for remark in conversion.remarks:
            print(remark)
        if not arguments.check:
            copy = _name_of_copy(arguments.notebook, arguments.output)
            document.write(copy)
            print(f"written: {copy}")
    except OSError as error:
        reason = error.strerror or str(error)
        return _complain(f"{error.filename or arguments.notebook}: {reason}")
    except SourceError as error:
        text = str(error)
        named = text.startswith(str(arguments.notebook))
        return _complain(text if named else f"{arguments.notebook}: {text}")
    except CheckpointError as error:
        return _complain(str(error))
    missing = sum(remark.fault for remark in conversion.remarks)
    print(_summary(conversion.uses, missing))
    return 1 if missing else 0


def _name_of_copy(notebook: Path, output: Path | None) -> Path:
    if output is None:
        copy = notebook.with_name(f"{notebook.stem}-scratchnet{notebook.suffix}")
        if copy.exists():
            raise FileExistsError(
                0, "there is such a file; choose with --output what to write", str(copy)
            )
        return copy
    if output.exists() and output.samefile(notebook):
        raise FileExistsError(
            0, "the copy would overwrite the notebook; choose another name", str(output)
        )
    return output


def _summary(uses: int, missing: int) -> str:
    if not uses:
        return "nothing of Keras or TensorFlow is imported here"
    if missing:
        return f"missing: {missing} of what it uses, see above"
    return "all it uses of Keras is there"


def _complain(text: str) -> int:
    print(f"scratchnet port: {text}", file=sys.stderr)
    return 2
