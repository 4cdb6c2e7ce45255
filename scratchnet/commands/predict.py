"""``scratchnet predict RUN IMAGE...``: what a trained model says of pictures."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchnet.commands import integer
from scratchnet.foundation import terminal
from scratchnet.foundation.errors import CheckpointError, PictureError

if TYPE_CHECKING:
    from scratchnet.runs.classifier import Classifier
    from scratchnet.runs.prepare import Picture

Answer = dict[str, Any]  # of a picture, as --json prints it


def add_parser(subparsers: Any) -> None:
    """Add the command to ``scratchnet``'s."""
    parser = subparsers.add_parser(
        "predict",
        help="show pictures to a trained model",
        description=(
            "Show pictures to a trained model and print the classes that it finds "
            "likeliest. The folder of the run is enough: neither the data nor the "
            "scripts that trained are needed. Pictures are prepared as the run's own "
            "data were; what was done to each is printed."
        ),
    )
    parser.add_argument(
        "folder", type=Path, metavar="RUN", help="folder of a run, with run.json in it"
    )
    parser.add_argument(
        "images", nargs="+", type=Path, metavar="IMAGE", help="a PNG or JPEG file"
    )
    parser.add_argument(
        "--top",
        type=integer(1),
        default=5,
        metavar="N",
        help="how many classes to name (default: 5)",
    )
    parser.add_argument(
        "--weights",
        choices=("best", "last"),
        default="best",
        help="those of the epoch with the lowest validation loss, or of the last one",
    )
    parser.add_argument(
        "--invert",
        action="store_true",
        help="swap light and dark: for dark things on light ground, where the model "
        "learnt from light things on dark ground, as in Fashion-MNIST",
    )
    parser.add_argument(
        "--fit",
        choices=("pad", "crop", "stretch"),
        help="what to do with another shape: pad the shorter side, crop the longer "
        "one, or stretch (default: pad where the model learnt from things on a dark "
        "ground, crop for photographs)",
    )
    parser.add_argument(
        "--background",
        choices=("white", "black"),
        default="white",
        help="what transparent parts are put on (default: white)",
    )
    parser.add_argument(
        "--figure",
        type=Path,
        metavar="FILE",
        help="also draw pictures and guesses: a .png, .svg or .pdf",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, not text")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    A picture that can't be read is reported, and the others are predicted.

    Returns:
        0, or 1 if the run, a picture or the figure's file is at fault, 2 for a command
        line that makes no sense.
    """
    from scratchnet.runs.classifier import Classifier
    from scratchnet.runs.run import Run

    fault = _fault_of_figure(arguments)
    if fault:
        _complain(fault)
        return 2
    try:
        classifier = Classifier(Run.open(arguments.folder), arguments.weights)
        about = _about(classifier, arguments.weights)
        answers = _answers(classifier, arguments)
    except CheckpointError as error:
        _complain(f"{error}{_runs_below(arguments.folder)}")
        return 1
    if arguments.json:
        print(json.dumps({"run": about, "pictures": answers}, indent=1))
    else:
        _print_text(about, answers)
    return 1 if any("error" in answer for answer in answers) else 0


def _answers(classifier: Classifier, arguments: argparse.Namespace) -> list[Answer]:
    import numpy as np

    from scratchnet.runs.prepare import hints, prepare

    dark, invert = classifier.dark_background, arguments.invert
    fit, ground = arguments.fit or ("pad" if dark else "crop"), arguments.background
    answers: list[Answer] = []
    read: list[Picture] = []
    for path in arguments.images:
        try:
            picture = prepare(path, classifier.image_shape, fit, invert, ground)
        except PictureError as error:
            _complain(str(error))
            answers.append({"file": str(path), "error": str(error)})
            continue
        odd = hints(picture, invert, ground, dark_background=dark)
        read.append(picture)
        answers.append({"file": str(path), "steps": picture.steps, "hints": odd})
    if not read:
        return answers
    images = np.stack([picture.pixels for picture in read])
    guesses = classifier.predict(images, arguments.top)
    predicted = (answer for answer in answers if "error" not in answer)
    for answer, found in zip(predicted, guesses, strict=True):
        answer["guesses"] = [asdict(guess) for guess in found]
    if arguments.figure:
        from scratchnet.runs.figure import draw

        draw(arguments.figure, read, guesses)
    return answers


def _about(classifier: Classifier, weights: str) -> Answer:
    metrics = classifier.run.metrics() if classifier.run.complete else {}
    return {
        "folder": str(classifier.run.folder),
        "model": classifier.model.name,
        "data_set": classifier.data_set,
        "seed": classifier.run.record.get("seed"),
        "weights": weights,
        "finished": classifier.run.complete,
        "test_accuracy": metrics.get("test_accuracy"),
    }


def _print_text(about: Answer, answers: list[Answer]) -> None:
    """Print what people read; faults stand on standard error already."""
    note = "" if about["finished"] else " (this run did not finish)"
    trained = f"{about['model']}, trained on {about['data_set']}"
    _say(f"{trained}, {about['weights']} epoch{note}")
    for answer in answers:
        if "error" in answer:
            continue
        _say(f"\n{answer['file']}")
        for step in answer["steps"]:
            _say(f"  {step}")
        for guess in answer["guesses"]:
            _say(f"  {guess['probability']:6.1%}  {guess['name']}")
        for hint in answer["hints"]:
            _say(f"  hint: {hint}")


def _fault_of_figure(arguments: argparse.Namespace) -> str:
    """Say what is wrong with ``--figure``; an empty text if nothing is."""
    from scratchnet.runs.figure import ENDINGS, MOST_PICTURES

    path = arguments.figure
    if path is None:
        return ""
    if path.suffix.lower() not in ENDINGS:
        return f"--figure: expected a name in {', '.join(ENDINGS)}, received {path}"
    if path.resolve() in [image.resolve() for image in arguments.images]:
        return f"--figure: {path} is one of the pictures; choose another name"
    count = len(arguments.images)
    if count > MOST_PICTURES:
        return f"--figure: expected at most {MOST_PICTURES} pictures, received {count}"
    return ""


def _runs_below(folder: Path) -> str:
    """Name runs in a folder's folders, for who named a folder too high."""
    if (folder / "run.json").exists():
        return ""
    patterns = ("*/run.json", "*/*/run.json", "*/*/*/run.json")
    found = sorted(path.parent for pattern in patterns for path in folder.glob(pattern))
    if not found:
        return ""
    more = ", ..." if len(found) > 3 else ""
    return f"; there are runs below it: {', '.join(map(str, found[:3]))}{more}"


def _complain(text: str) -> None:
    _say(f"scratchnet predict: {text}", sys.stderr)


def _say(text: str, stream: Any = None) -> None:
    """Print a text, with nothing in it that could steer the terminal.

    Names of files and classes come from elsewhere.
    """
    stream = stream or sys.stdout
    harmless = "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
    print(terminal.shown(harmless, stream), file=stream)
