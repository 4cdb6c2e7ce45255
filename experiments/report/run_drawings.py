"""The figures of one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from experiments.report import choices, confusion, galleries, history, pictures
from experiments.report.drawing import Drawing
from experiments.report.look import counted
from experiments.report.subject import Images, Subject
from scratchnet import inspection


def drawings(subject: Subject, shown: Sequence[int] = ()) -> list[Drawing]:
    """Return the figures that a run has, in the order in which they are read.

    Args:
        subject: the run.
        shown: test images for the bars of the most probable classes, as indices; empty
            for a choice of images that tell something.
    """
    found = [
        Drawing(
            "history",
            "Training history",
            "Training solid, validation dotted; the star is the epoch whose weights "
            "were tested.",
            lambda: history.draw({subject.model: subject.training}),
            size="wide",
        ),
        *_layers(subject),
        *_confusions(subject),
    ]
    if subject.images is not None:
        found += [*_samples(subject, subject.images), *_predictions(subject, shown)]
    return found


def _layers(subject: Subject) -> Iterator[Drawing]:
    record = subject.layers
    if record is not None:
        yield Drawing(
            "layers",
            "Inside the layers",
            "Of every layer: the norm of its gradient; how much a step changes its "
            "weights, of which a thousandth (dotted) is a good share; and how many of "
            "its ReLU units were 0 for all of the images looked at.",
            lambda: inspection.plot_training(record),
            size="wide",
        )


def _samples(subject: Subject, images: Images) -> Iterator[Drawing]:
    if images.samples is None or images.sample_labels is None:
        return
    names = subject.class_names
    chosen = choices.samples(images.sample_labels, len(names))
    shown, labels = images.samples[chosen], images.sample_labels[chosen]
    if len(chosen):
        yield Drawing(
            "samples",
            "Samples of the data",
            "Training images as they are, before any preprocessing.",
            lambda: pictures.draw_samples(shown, labels, names),
            gallery=galleries.samples(shown, labels, names),
        )


def _confusions(subject: Subject) -> Iterator[Drawing]:
    counts, names = subject.confusion, subject.class_names
    groups = subject.superclasses
    many = len(names) > confusion.MOST_ANNOTATED
    order = "; classes of a superclass stand together" if groups is not None else ""
    yield Drawing(
        "confusion",
        "Confusion matrix",
        (
            f"Each row is a true class, each column a predicted one{order}."
            if many
            else "Each row is a true class, each column a predicted one; the numbers "
            "count test images."
        )
        + " The colours follow the square root of the share, so that rare mistakes "
        "can be seen.",
        lambda: confusion.draw(counts, names, groups),
        size="dense" if many else "wide",
    )
    if groups is not None:
        yield Drawing(
            "confusion-superclasses",
            "Confusion of superclasses",
            "The same predictions, with the classes of a superclass put together; the "
            "numbers are percents of the true superclass.",
            lambda: (
                confusion.draw_annotated(
                    confusion.merge(counts, groups), groups.names, percent=True
                )
                if len(groups.names) <= confusion.MOST_ANNOTATED
                else confusion.draw(confusion.merge(counts, groups), groups.names)
            ),
            size="wide",
        )
    pairs = confusion.most_confused(counts)
    if pairs:
        yield Drawing(
            "confused-pairs",
            "The most confused pairs",
            "The mistakes that are made most often.",
            lambda: confusion.draw_pairs(pairs, names),
            size="wide",
        )


def _predictions(subject: Subject, shown: Sequence[int]) -> Iterator[Drawing]:
    correct = subject.predicted == subject.labels
    for name, title, caption, found in (
        ("right", "Right predictions", "in green the class", np.flatnonzero(correct)),
        (
            "wrong",
            "Wrong predictions",
            "in red the predicted class and, in brackets, the true one",
            np.flatnonzero(~correct),
        ),
    ):
        chosen = choices.spread(found)
        if len(chosen):
            yield _grid(
                subject,
                chosen,
                f"predictions-{name}",
                title,
                f"{len(chosen):,} of {counted(len(found), 'test image')}, evenly "
                f"spread: {caption}.",
            )
    mistakes = choices.confident_mistakes(subject.labels, subject.probabilities)
    if len(mistakes):
        yield _mistakes(subject, mistakes)
    chosen = np.array(shown, np.int64)
    if not len(chosen):
        chosen = choices.telling(subject.labels, subject.probabilities)
    yield _top(subject, chosen, given=bool(len(shown)))


def _grid(
    subject: Subject, chosen: np.ndarray, name: str, title: str, caption: str
) -> Drawing:
    images, names = _test_images(subject)[chosen], subject.class_names
    described = choices.describe(chosen, subject.labels, subject.probabilities)
    return Drawing(
        name,
        title,
        caption,
        lambda: pictures.draw_predictions(images, described, names),
        gallery=galleries.predictions(images, described, names),
    )


def _mistakes(subject: Subject, chosen: np.ndarray) -> Drawing:
    images, names = _test_images(subject)[chosen], subject.class_names
    described = choices.describe(chosen, subject.labels, subject.probabilities)
    return Drawing(
        "confident-mistakes",
        "The most confident mistakes",
        "The wrong predictions of the highest probability; the true class is in "
        "brackets. Some of these labels are doubtful themselves.",
        lambda: pictures.draw_mistakes(images, described, names),
        gallery=galleries.mistakes(images, described, names),
    )


def _top(subject: Subject, chosen: np.ndarray, *, given: bool) -> Drawing:
    shown = (
        _test_images(subject)[chosen],
        subject.labels[chosen],
        subject.probabilities[chosen],
        subject.class_names,
    )
    what = f"Test images {', '.join(str(index) for index in chosen)}"
    if not given:
        what += ": the surest right ones, the least decided, the surest wrong ones"
    return Drawing(
        "top-5",
        "The five most probable classes",
        f"{what}. Green is the true class, red a wrong first choice.",
        lambda: pictures.draw_top(*shown),
        gallery=galleries.top(*shown),
    )


def _test_images(subject: Subject) -> np.ndarray:
    assert subject.images is not None
    return subject.images.test
