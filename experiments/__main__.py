"""The command line: ``python -m experiments [run|report|validate ...]``."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments import arguments, protocol, report, study
from experiments.equivalence import records, validate, validation_text
from experiments.equivalence.judgement import EQUIVALENT, INCONCLUSIVE
from experiments.protocol import Trial
from scratchnet.foundation import terminal
from scratchnet.foundation.errors import CheckpointError, DatasetError


@terminal.command
def main(words: Sequence[str] | None = None) -> int:
    """Run the study and return the exit status.

    Without arguments: all three models on ``digits``, which needs no download.

    Returns:
        0; 1 if data can't be loaded, a folder not written, a run diverged or a
        comparison with Keras fails; 2 for a wrong command line, 130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="python -m experiments",
        description="Train, evaluate and compare the study's models. Without a "
        "command: all three on digits.",
    )
    commands = parser.add_subparsers(metavar="COMMAND")
    _add_run(commands)
    _add_report(commands)
    _add_validate(commands)
    chosen = parser.parse_args(words)
    if "action" not in chosen:
        chosen = parser.parse_args(["run"])
    try:
        return chosen.action(chosen)
    except BrokenPipeError:
        raise
    except (CheckpointError, DatasetError, OSError, report.UnavailableError) as error:
        print(f"python -m experiments: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\ninterrupted; the same command goes on with the runs that are missing",
            file=sys.stderr,
        )
        return 130


def _run(chosen: argparse.Namespace) -> int:
    settings = {
        name: getattr(chosen, name)
        for name in ("epochs", "batch_size")
        if getattr(chosen, name) is not None
    }
    if chosen.record is not None and (settings or chosen.protocol != "notebook"):
        print(
            "python -m experiments run: --record keeps runs with the study's own "
            "settings: leave out --epochs, --batch-size and --protocol",
            file=sys.stderr,
        )
        return 2
    trials = []
    for dataset, model, seed in itertools.product(
        chosen.dataset, chosen.model, chosen.seeds
    ):
        usual = protocol.usual(dataset, model, quick=chosen.quick)
        wanted = replace(usual, name=chosen.protocol, **settings)
        trials.append(Trial(dataset, model, seed, wanted, chosen.quick))
    runs, diverged = study.run(
        trials,
        chosen.out,
        fresh=chosen.fresh,
        verbose=chosen.verbose,
        record=chosen.record,
    )
    if runs and not chosen.no_report:
        print()
        tell = print if chosen.verbose else None
        try:
            # Of all runs in the folder, those of earlier commands among them.
            print(f"report: {report.write_study(chosen.out, say=tell)}")
        except report.UnavailableError as error:
            print(f"no report: {error}")
    for message in diverged:
        print(f"python -m experiments: {message}", file=sys.stderr)
    return 1 if diverged else 0


def _report(chosen: argparse.Namespace) -> int:
    folder: Path = chosen.folder
    if (folder / "run.json").is_file():
        print(report.write_run(folder, shown=chosen.images))
    else:
        print(report.write_study(folder, shown=chosen.images, say=print))
    return 0


def _validate(chosen: argparse.Namespace) -> int:
    document = validate.compare(chosen.reference, chosen.results)
    if chosen.json:
        print(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print(validation_text.table(document))
        print(f"\n{validation_text.legend(document)}")
    if not (chosen.json or chosen.markdown):
        print("", *validation_text.sentences(document), sep="\n")
    accepted = {EQUIVALENT} if chosen.strict else {EQUIVALENT, INCONCLUSIVE}
    return int(not accepted.issuperset(validate.verdicts(document)))


def _add_run(commands: Any) -> None:
    parser = commands.add_parser(
        "run",
        help="train and compare models",
        description="Train models and compare them. Runs that finished earlier with "
        "the same settings are not repeated.",
    )
    arguments.add_runs(parser, dataset="digits", seeds="1", model_option="--model")
    for name, meaning in (("epochs", "most epochs"), ("batch_size", "samples a step")):
        study_has, digits_has, resnet20_has = (
            getattr(settings, name)
            for settings in (protocol.STUDY, protocol.DIGITS, protocol.RESNET20)
        )
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=arguments.positive,
            metavar="N",
            help=f"{meaning} (default: {study_has}; digits: {digits_has}; "
            f"resnet20: {resnet20_has})",
        )
    parser.add_argument(
        "--protocol",
        choices=("notebook", "holdout"),
        default="notebook",
        help="validate on the test set, as the published study does, or on 10%% of "
        "the training set (default: notebook)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="2 epochs on 2,000 images, to try it out"
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="repeat runs that finished, or were recorded, earlier",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        metavar="FOLDER",
        help="folder for the runs (default: runs)",
    )
    parser.add_argument(
        "--verbose",
        type=int,
        choices=(0, 1, 2),
        default=2,
        help="0: the comparison alone, 1: a bar per epoch, 2: a line per epoch "
        "(default: 2)",
    )
    parser.add_argument(
        "--record",
        type=Path,
        nargs="?",
        const=records.SCRATCHNET,
        metavar="FILE",
        help="also keep what `validate` needs of each run (default file: "
        f"{_from_here(records.SCRATCHNET)})",
    )
    parser.add_argument(
        "--no-report", action="store_true", help="leave out figures and reports"
    )
    parser.set_defaults(action=_run)


def _add_report(commands: Any) -> None:
    parser = commands.add_parser(
        "report",
        help="draw figures and write reports of runs",
        description="Write figures/*.png and report.html into the folder of each run, "
        "and of all of them together.",
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path("runs"),
        help="of a run, or with runs in it (default: runs)",
    )
    parser.add_argument(
        "--images",
        type=arguments.indices,
        default=[],
        metavar="N[,N]",
        help="test images, counted from 0, whose most probable classes are shown "
        "(default: a few that tell something)",
    )
    parser.set_defaults(action=_report)


def _add_validate(commands: Any) -> None:
    parser = commands.add_parser(
        "validate",
        help="compare scratchnet's runs with Keras's",
        description="Compare scratchnet's runs of the study with Keras's, model by "
        "model. The status is 1 if a model is a failure.",
    )
    for name, path, made_by in (
        ("reference", records.KERAS, "experiments.equivalence.keras_reference"),
        ("results", records.SCRATCHNET, "experiments run --record"),
    ):
        parser.add_argument(
            f"--{name}",
            type=Path,
            default=path,
            metavar="FILE",
            help=f"what `python -m {made_by}` wrote (default: {_from_here(path)})",
        )
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument(
        "--markdown", action="store_true", help="the table and its legend alone"
    )
    formats.add_argument("--json", action="store_true", help="everything, as JSON")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="status 1 if a model is inconclusive, too",
    )
    parser.set_defaults(action=_validate)


def _from_here(path: Path) -> Path:
    return path.relative_to(records.ROOT.parents[1])


if __name__ == "__main__":
    sys.exit(main())
