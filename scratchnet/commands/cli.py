"""The ``scratchnet`` command: one subcommand per file in `commands`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from scratchnet._version import __version__
from scratchnet.commands import (
    datasets,
    explain,
    gradcheck,
    inspect,
    plan,
    port,
    predict,
)
from scratchnet.foundation import terminal
from scratchnet.foundation.errors import CheckpointError, DatasetError


@terminal.command
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        arguments: those after the program's name; None takes them from `sys.argv`.

    Returns:
        0 if all went well, 1 if something was found wrong or a file is at fault, 2
        for a wrong command line, 130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="scratchnet", description="The Keras you can read: tools around it."
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {__version__}"
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in (datasets, explain, gradcheck, inspect, plan, port, predict):
        command.add_parser(subparsers)
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        return chosen.run(chosen)
    except (CheckpointError, DatasetError) as error:
        print(f"scratchnet {chosen.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
