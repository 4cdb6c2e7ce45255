"""The command line: ``python -m experiments [run ...]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments import protocol, study
from scratchnet import architectures, datasets, lookup
from scratchnet.errors import CheckpointError, DatasetError

MOST_SEEDS = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study and return the exit status.

    Without arguments: all three models on ``digits``, which needs no download.

    Returns:
        0; 1 if data can't be loaded or a folder not written, 2 for a wrong command
        line, 130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="python -m experiments",
        description="Train, evaluate and compare the study's models. Without a "
        "command: all three on digits.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    _add_run(commands)
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        chosen = parser.parse_args(["run"])
    try:
        study.run(
            chosen.dataset,
            chosen.model,
            chosen.seeds,
            chosen.out,
            settings=_settings(chosen),
            quick=chosen.quick,
            fresh=chosen.fresh,
            verbose=chosen.verbose,
        )
    except (CheckpointError, DatasetError, OSError) as error:
        print(f"python -m experiments: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\ninterrupted; the same command goes on with the runs that are missing",
            file=sys.stderr,
        )
        return 130
    return 0


def _add_run(commands: Any) -> None:
    parser = commands.add_parser(
        "run",
        help="train and compare models",
        description="Train models and compare them. Runs that finished earlier with "
        "the same settings are not repeated.",
    )
    names = {
        "dataset": (datasets.names(), "digits"),
        "model": (tuple(architectures.ALL), "all"),
    }
    for name, (known, default) in names.items():
        parser.add_argument(
            f"--{name}",
            type=_names(known),
            default=default,
            metavar="NAME[,NAME]",
            help=f"{', '.join(known)}, or all (default: {default})",
        )
    parser.add_argument(
        "--seeds",
        type=_seeds,
        default="1",
        help="how many seeds, counted from 0, or a list such as 0,3,5 (default: 1)",
    )
    for name, meaning in (("epochs", "most epochs"), ("batch_size", "samples a step")):
        study_has, digits_has = (
            getattr(settings, name) for settings in (protocol.STUDY, protocol.DIGITS)
        )
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=_positive,
            metavar="N",
            help=f"{meaning} (default: {study_has}; digits: {digits_has})",
        )
    parser.add_argument(
        "--protocol",
        choices=("notebook", "holdout"),
        default="notebook",
        help="validate on the test set, as the published study does, or on 10%% of "
        "the training set (default: notebook)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        metavar="FOLDER",
        help="folder for the runs (default: runs)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="2 epochs on 2,000 images, to try it out"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="repeat runs that finished earlier"
    )
    parser.add_argument(
        "--verbose",
        type=int,
        choices=(0, 1, 2),
        default=2,
        help="0: the comparison alone, 1: a bar per epoch, 2: a line per epoch "
        "(default: 2)",
    )


def _settings(chosen: argparse.Namespace) -> dict[str, Any]:
    settings = {
        "name": chosen.protocol,
        "epochs": chosen.epochs,
        "batch_size": chosen.batch_size,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _names(known: Sequence[str]) -> Any:
    def parse(text: str) -> list[str]:
        if text == "all":
            return list(known)
        chosen = [name.strip().replace("-", "_") for name in text.split(",")]
        for name in chosen:
            if name not in known:
                message = f"{name!r}{lookup.suggest(name, dict.fromkeys(known))}"
                raise argparse.ArgumentTypeError(f"unknown name {message}")
        return list(dict.fromkeys(chosen))

    return parse


def _seeds(text: str) -> list[int]:
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


def _positive(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0: {text!r}")
    return value


if __name__ == "__main__":
    sys.exit(main())
