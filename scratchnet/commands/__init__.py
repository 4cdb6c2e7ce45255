"""The subcommands of the `scratchnet` command, one file each."""

import argparse
from collections.abc import Callable


def integer(least: int) -> Callable[[str], int]:
    """Return argparse's ``type`` for an integer of at least ``least``."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"expected an integer of at least {least}, received {text!r}"
            )
        return int(text)

    return parse
