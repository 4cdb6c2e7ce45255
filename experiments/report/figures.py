"""Which figures a run has, and a group of runs, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from experiments.report import choices, confusion, curves, pictures, scores, tiles
from experiments.report.drawing import Drawing
from experiments.report.finished import FinishedRun, Images
from experiments.report.group import Group
from experiments.report.look import counted
from scratchnet import inspection

HISTORY = (
    "Training solid, validation dotted; the star is the epoch whose weights were "
    "tested."
)


def of_run(run: FinishedRun, shown: Sequence[int] = ()) -> list[Drawing]:
    """Return the figures of a run.

    Args:
        run: what they are of.
        shown: test images for the bars of the most probable classes, as indices; empty
            for a choice of images that tell something.
    """
    found = [
        Drawing(
            "history",
            "Training history",
            HISTORY,
            lambda: curves.draw({run.model: run.training}),
            kind="wide",
        ),
        *_layers(run),
        *_confusions(run),
    ]
    if run.images is not None:
        found += [*_samples(run, run.images), *_predictions(run, run.images, shown)]
    return found


def of_group(group: Group) -> list[Drawing]:
    """Return the figures in which the models of a data set stand side by side."""
    means = group.what_means()
    return [
        Drawing(
            f"{group.name}-scores",
            "Test accuracy and loss",
            f"Each bar is the {means}, each dot one of them."
            if means
            else "With the weights of the best epoch.",
            lambda: scores.draw(
                group.metric("test_accuracy"), group.metric("test_loss"), means
            ),
        ),
        Drawing(
            f"{group.name}-history",
            "Training history",
            f"{HISTORY} {group.which_seeds()}".rstrip(),
            lambda: curves.draw(group.trainings()),
            kind="wide",
        ),
    ]


def _layers(run: FinishedRun) -> Iterator[Drawing]:
    record = run.layers
    if record is not None:
        yield Drawing(
            "layers",
            "Inside the layers",
            "Of every layer: the norm of its gradient; how much a step changes its "
            "weights, of which a thousandth (dotted) is a good share; and how many of "
            "its ReLU units were 0 for all of the images looked at.",
            lambda: inspection.plot_training(record),
            kind="wide",
        )


def _samples(run: FinishedRun, images: Images) -> Iterator[Drawing]:
    if images.samples is None or images.sample_labels is None:
        return
    names, labels = run.class_names, images.sample_labels
    chosen = choices.samples(labels, len(names))
    shown = tiles.samples(images.samples[chosen], labels[chosen], names)
    if shown:
        yield Drawing(
            "samples",
            "Samples of the data",
            "Training images as they are, before any preprocessing.",
            lambda: pictures.draw_samples(shown),
            "samples",
            shown,
        )


def _confusions(run: FinishedRun) -> Iterator[Drawing]:
    counts, names = run.confusion, run.class_names
    groups = run.superclasses
    many = len(names) > confusion.MOST_ANNOTATED
    more = "" if many else "; the numbers count test images"
    if many and groups is not None:
        more = "; classes of a superclass stand together"
    yield Drawing(
        "confusion",
        "Confusion matrix",
        f"Each row is a true class, each column a predicted one{more}. The colours "
        "follow the square root of the share, so that rare mistakes can be seen.",
        lambda: confusion.draw(counts, names, groups),
        kind="dense" if many else "wide",
    )
    if groups is not None:
        yield Drawing(
            "confusion-superclasses",
            "Confusion of superclasses",
            "The same predictions, with the classes of a superclass put together; the "
            "numbers are percents of the true superclass.",
            lambda: confusion.draw(
                confusion.merge(counts, groups), groups.names, percent=True
            ),
            kind="wide",
        )
    pairs = confusion.most_confused(counts)
    if pairs:
        yield Drawing(
            "confused-pairs",
            "The most confused pairs",
            "The mistakes that are made most often.",
            lambda: confusion.draw_pairs(pairs, names),
            kind="wide",
        )


def _predictions(
    run: FinishedRun, images: Images, shown: Sequence[int]
) -> Iterator[Drawing]:
    tested = images.test, run.labels, run.probabilities, run.class_names
    right = run.predicted == run.labels
    for name, caption, found in (
        ("right", "in green the class", np.flatnonzero(right)),
        (
            "wrong",
            "in red the predicted class and, in brackets, the true one",
            np.flatnonzero(~right),
        ),
    ):
        some = tiles.predictions(*tested, choices.spread(found))
        if some:
            yield Drawing(
                f"predictions-{name}",
                f"{name.capitalize()} predictions",
                f"{len(some):,} of {counted(len(found), 'test image')}, evenly "
                f"spread: {caption}.",
                partial(pictures.draw_predictions, some),
                "predictions",
                some,
            )
    chosen = choices.confident_mistakes(run.labels, run.probabilities)
    mistakes = tiles.predictions(*tested, chosen)
    if mistakes:
        yield Drawing(
            "confident-mistakes",
            "The most confident mistakes",
            "The wrong predictions of the highest probability; the true class is in "
            "brackets. Some of these labels are doubtful themselves.",
            lambda: pictures.draw_mistakes(mistakes),
            "mistakes",
            mistakes,
        )
    chosen = np.array(shown, np.int64)
    what = f"Test images {', '.join(map(str, shown))}"
    if not shown:
        chosen = choices.telling(run.labels, run.probabilities)
        what = (
            f"Test images {', '.join(map(str, chosen))}: the surest right ones, the "
            "least decided, the surest wrong ones"
        )
    top = tiles.predictions(*tested, chosen)
    yield Drawing(
        "top-5",
        "The five most probable classes",
        f"{what}. Green is the true class, red a wrong first choice.",
        lambda: pictures.draw_top(top),
        "top",
        top,
    )
