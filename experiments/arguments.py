"""What the commands read from their command lines."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from scratchnet import datasets
from scratchnet.foundation import lookup
from scratchnet.models import architectures

MOST_SEEDS = 1000


def add_runs(
    parser: argparse.ArgumentParser, *, dataset: str, seeds: str, model_option: str
) -> None:
    """Add the options that say which runs are meant.

    Args:
        parser: to add them to.
        dataset: default of ``--dataset``.
        seeds: default of ``--seeds``.
        model_option: name of the option for the models.
    """
    known_names = {
        "--dataset": (datasets.names(), datasets.names(), dataset),
        model_option: (tuple(architectures.ALL), architectures.STUDY, "all"),
    }
    for option, (known, everything, default) in known_names.items():
        parser.add_argument(
            option,
            type=names(known, everything),
            default=default,
            metavar="NAME[,NAME]",
            help=f"{', '.join(known)}; or all, which is {', '.join(everything)} "
            f"(default: {default})",
        )
    parser.add_argument(
        "--seeds",
        type=read_seeds,
        default=seeds,
        help="how many seeds, counted from 0, or a list such as 0,3,5 "
        f"(default: {seeds})",
    )


def names(
    known: Sequence[str], everything: Sequence[str]
) -> Callable[[str], list[str]]:
    """Return a reader of names separated by commas, or ``all``."""

    def parse(text: str) -> list[str]:
        if text == "all":
            return list(everything)
        chosen = [name.strip().replace("-", "_") for name in text.split(",")]
        for name in chosen:
            if name not in known:
                message = f"{name!r}{lookup.suggest(name, dict.fromkeys(known))}"
                raise argparse.ArgumentTypeError(f"unknown name {message}")
        return list(dict.fromkeys(chosen))

    return parse


def read_seeds(text: str) -> list[int]:
    """Read how many seeds there are, or which."""
    try:
        numbers = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        numbers = []
    if numbers and "," not in text:
        numbers = list(range(numbers[0])) if numbers[0] <= MOST_SEEDS else []
    if not numbers or min(numbers) < 0 or max(numbers) >= 2**32:
        raise argparse.ArgumentTypeError(
            f"expected how many seeds (3) or a list of them (0,3,5), got {text!r}"
        )
    return list(dict.fromkeys(numbers))


def indices(text: str) -> list[int]:
    """Read integers of at least 0, separated by commas."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() for word in words):
        raise argparse.ArgumentTypeError(f"expected a list such as 3,17: {text!r}")
    return list(dict.fromkeys(map(int, words)))


def positive(text: str) -> int:
    """Read an integer of at least 1."""
    value = int(text) if text.isascii() and text.isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected an integer above 0: {text!r}")
    return value
