from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from experiments.report import confusion
from experiments.report.confusion import Pair, Superclasses
from experiments.report.finished import SUPERCLASSES
from scratchnet.datasets import cifar100
from tests.experiments.report.laid_out import laid_out

COUNTS = np.array([[8, 2, 0], [1, 9, 0], [0, 5, 0]])
NAMES = ("cat", "dog", "guinea_pig")


def drawn_shares(axes) -> np.ndarray:
    return np.asarray(axes.images[0].get_array())


def labels_of(axis) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def test_the_matrix_is_scikit_learns():
    random = np.random.default_rng(0)
    labels, predicted = random.integers(0, 7, (2, 500))
    expected = confusion_matrix(labels, predicted, labels=range(9))
    assert np.array_equal(confusion.matrix(labels, predicted, 9), expected)


def test_labels_of_a_small_type_do_not_overflow():
    labels = np.full(3, 99, np.uint8)
    assert confusion.matrix(labels, labels, 100)[99, 99] == 3


def test_superclasses_are_sums_of_blocks():
    groups = Superclasses(("pets", "others"), (0, 1, 0))
    assert confusion.merge(COUNTS, groups).tolist() == [[8, 7], [1, 9]]
    assert groups.order().tolist() == [0, 2, 1]


def test_a_class_without_images_has_shares_of_zero():
    counts = np.array([[0, 0], [1, 3]])
    assert confusion.shares(counts).tolist() == [[0, 0], [0.25, 0.75]]


def test_the_most_confused_pairs_are_the_most_frequent_mistakes():
    assert confusion.most_confused(COUNTS) == [
        Pair(2, 1, 5, 1.0),
        Pair(0, 1, 2, 0.2),
        Pair(1, 0, 1, 0.1),
    ]
    assert confusion.most_confused(COUNTS, 1) == [Pair(2, 1, 5, 1.0)]
    assert confusion.most_confused(np.diag([3, 4])) == []


def test_few_classes_have_a_number_in_every_field():
    axes = confusion.draw(COUNTS, NAMES).axes[0]
    numbers = {text.get_position(): text.get_text() for text in axes.texts}
    assert numbers == {
        (column, row): str(COUNTS[row, column])
        for row, column in zip(*np.nonzero(COUNTS), strict=True)
    }
    assert np.allclose(drawn_shares(axes), COUNTS / COUNTS.sum(1, keepdims=True))
    assert (
        labels_of(axes.xaxis) == labels_of(axes.yaxis) == ["cat", "dog", "guinea pig"]
    )
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")


def test_percents_are_those_of_the_row():
    axes = confusion.draw(COUNTS, NAMES, percent=True).axes[0]
    texts = {text.get_position(): text.get_text() for text in axes.texts}
    assert texts == {
        (0, 0): "80",
        (1, 0): "20",
        (0, 1): "10",
        (1, 1): "90",
        (1, 2): "100",
    }


def test_numbers_are_black_or_white_as_their_field_asks_for():
    texts = confusion.draw(np.array([[9, 1], [0, 3]]), "ab").axes[0].texts
    colours = {text.get_text(): text.get_color() for text in texts}
    assert colours == {"9": "#ffffff", "1": "#000000", "3": "#ffffff"}


def test_cifar_100_is_ordered_by_superclass():
    groups = SUPERCLASSES[cifar100.class_names]
    random = np.random.default_rng(0)
    counts = random.integers(0, 9, (100, 100))
    axes = confusion.draw(counts, cifar100.class_names, groups).axes[0]
    order = groups.order()
    expected = (counts / counts.sum(1, keepdims=True))[np.ix_(order, order)]
    assert np.allclose(drawn_shares(axes), expected)
    names = labels_of(axes.yaxis)
    assert names == labels_of(axes.xaxis)
    assert names[:5] == ["beaver", "dolphin", "otter", "seal", "whale"]
    assert len(names) == 100
    (right,) = axes.child_axes
    assert labels_of(right.yaxis)[:2] == ["aquatic mammals", "fish"]
    assert right.get_yticks()[:2].tolist() == [2, 7]
    # A line between any two of 20 superclasses, across and down.
    assert len(axes.lines) == 38
    assert len(axes.texts) == 0


@pytest.mark.parametrize(("classes", "named"), [(1, 1), (2, 2), (21, 21), (300, None)])
def test_any_number_of_classes(classes, named):
    counts = np.eye(classes, dtype=int)
    names = [f"class_{index}" for index in range(classes)]
    axes = confusion.draw(counts, names).axes[0]
    assert drawn_shares(axes).shape == (classes, classes)
    if named is None:
        assert "class 0" not in labels_of(axes.yaxis)
    else:
        assert labels_of(axes.yaxis) == [f"class {index}" for index in range(classes)]


def test_pairs_are_bars_with_names():
    pairs = confusion.most_confused(COUNTS)
    axes = confusion.draw_pairs(pairs, NAMES).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [1.0, 0.2, 0.1]
    assert labels_of(axes.yaxis) == ["guinea pig → dog", "cat → dog", "dog → cat"]
    assert [text.get_text() for text in axes.texts] == [
        "100% (5)",
        "20% (2)",
        "10% (1)",
    ]
    assert axes.yaxis_inverted()


def test_no_label_of_the_heat_map_lies_on_its_neighbour():
    """Labels one below the other, as they are drawn."""
    groups = SUPERCLASSES[cifar100.class_names]
    counts = np.eye(100, dtype=int)
    made = laid_out(lambda: confusion.draw(counts, cifar100.class_names, groups))
    axes = made.axes[0]
    for axis, names in ((axes.yaxis, "y0 y1"), (axes.xaxis, "x0 x1")):
        low, high = names.split()
        boxes = [label.get_window_extent() for label in axis.get_ticklabels()]
        middles = sorted((getattr(b, low) + getattr(b, high)) / 2 for b in boxes)
        heights = [getattr(b, high) - getattr(b, low) for b in boxes]
        # An extent includes room for accents and descenders, a quarter of a line.
        assert min(np.diff(middles)) >= 0.75 * np.median(heights)
