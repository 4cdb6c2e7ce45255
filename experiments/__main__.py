"""The command line: ``python -m experiments [run ...]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments import arguments, protocol, study
from scratchnet.errors import CheckpointError, DatasetError


def main(words: Sequence[str] | None = None) -> int:
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
    chosen = parser.parse_args(words)
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
    arguments.add_runs(parser, dataset="digits", seeds="1", model_option="--model")
    for name, meaning in (("epochs", "most epochs"), ("batch_size", "samples a step")):
        study_has, digits_has = (
            getattr(settings, name) for settings in (protocol.STUDY, protocol.DIGITS)
        )
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=arguments.positive,
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


if __name__ == "__main__":
    sys.exit(main())
