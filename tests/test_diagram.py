"""utils.plot_model: which boxes there are, where they stand, what is refused."""

from __future__ import annotations

import itertools

import pytest
from matplotlib import image
from matplotlib.patches import FancyArrowPatch, Rectangle

import scratchnet as keras
from scratchnet import diagram, layers
from scratchnet.utils import plot_model

SHOWN = dict.fromkeys(
    """
    show_shapes show_dtype show_layer_names expand_nested show_layer_activations
    show_trainable
    """.split(),
    False,
)


def chain():
    return keras.Sequential(
        [
            keras.Input((9, 8, 1)),
            layers.Conv2D(2, 3, activation="relu", name="first"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", name="cost_$5_or_$6"),
        ]
    )


def residual():
    x = keras.Input((8, 8, 3))
    y = layers.Conv2D(4, 3, padding="same")(x)
    for _ in range(2):
        z = layers.ReLU()(layers.BatchNormalization()(y))
        z = layers.Conv2D(4, 3, padding="same")(z)
        y = layers.Add()([y, z])
    y = layers.Concatenate()([layers.AveragePooling2D()(y), layers.MaxPooling2D()(y)])
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(y)))


def nested():
    x = keras.Input((8, 8, 3))
    block = keras.Model(x, layers.Add()([x, layers.ReLU()(x)]), name="block")
    return keras.Sequential([keras.Input((8, 8, 3)), block, layers.Flatten()])


def drawn(model, rankdir="TB", splines="ortho", **shown):
    figure = diagram.draw(model, rankdir, splines, 50, **{**SHOWN, **shown})
    return figure.axes[0]


def texts(axes):
    return [one.get_text().replace(r"\$", "$") for one in axes.texts]


def frames(axes):
    return [
        one.get_bbox()
        for one in axes.patches
        if isinstance(one, Rectangle) and one.get_linestyle() in ("-", "solid")
    ]


def several():
    a, b = keras.Input((4,)), keras.Input((5,))
    both = layers.Concatenate()([a, b])
    inner = keras.Model([a, b], [layers.Dense(2)(both), layers.Dense(3)(both)])
    c, d = keras.Input((4,)), keras.Input((5,))
    left, right = inner([c, d])
    return keras.Model([c, d], [layers.Concatenate()([left, right]), right])


def test_several_inputs_and_outputs():
    for expand, count in ((False, 4), (True, 8)):
        axes = drawn(several(), expand_nested=expand)
        assert len(frames(axes)) == count
        for one, other in itertools.combinations(frames(axes), 2):
            assert not one.overlaps(other)


MODELS = pytest.mark.parametrize("model", [chain, residual, nested])


@MODELS
@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_boxes_are_apart_and_arrows_point_one_way(model, rankdir):
    axes = drawn(model(), rankdir)
    boxes = frames(axes)
    assert len(boxes) == len(model().nodes)
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    left, right, bottom, top = (*axes.get_xlim(), *axes.get_ylim())
    for box in boxes:
        assert left < box.x0 < box.x1 < right
        assert bottom < box.y0 < box.y1 < top
    side, sign = {"TB": (1, -1), "LR": (0, 1), "BT": (1, 1), "RL": (0, -1)}[rankdir]
    for arrow in axes.patches:
        if isinstance(arrow, FancyArrowPatch):
            ends = arrow._path_original.vertices
            assert sign * (ends[-1][side] - ends[0][side]) > 0


@MODELS
def test_every_layer_is_read_by_the_next(model):
    axes = drawn(model())
    heads = [
        one
        for one in axes.patches
        if isinstance(one, FancyArrowPatch) and "|>" in str(one.get_arrowstyle())
    ] or [one for one in axes.patches if isinstance(one, FancyArrowPatch)]
    inputs = sum(len(node.inputs) for node in model().nodes) - 1
    assert len(heads) >= inputs


def test_what_a_box_says():
    model = chain()
    model.layers[-1].trainable = False
    assert texts(drawn(model)) == ["Conv2D", "Flatten", "Dense"]
    said = texts(drawn(model, **dict.fromkeys(SHOWN, True)))
    for text in (
        "first (Conv2D)",
        "Activation: relu",
        "Input shape: (None, 9, 8, 1)",
        "Output shape: (None, 7, 6, 2)",
        "Output dtype: float32",
        "Trainable",
        "Non-trainable",
        "cost_$5_or_$6 (Dense)",
    ):
        assert text in said
    assert said.count("Trainable") == said.count("Non-trainable") == 1


def test_a_model_within_a_model():
    plain = texts(drawn(nested(), show_layer_names=True))
    assert plain[0] == "block (Functional)" and len(plain) == 2
    axes = drawn(nested(), expand_nested=True)
    assert texts(axes)[0] == "block (Functional)"
    assert texts(axes)[1:] == ["InputLayer", "ReLU", "Add", "Flatten"]
    (frame,) = [
        one.get_bbox()
        for one in axes.patches
        if isinstance(one, Rectangle) and one.get_linestyle() in ("--", "dashed")
    ]
    inside = [
        box for box in frames(axes) if frame.containsx(box.x0) and frame.y0 < box.y0
    ]
    assert len(inside) == 3


@pytest.mark.parametrize("splines", diagram.SPLINES)
def test_files(splines, tmp_path):
    model = residual()
    plot_model(model, tmp_path / "model", dpi=40, splines=splines)
    assert image.imread(tmp_path / "model", format="png").ndim == 3
    plot_model(model, str(tmp_path / "model.svg"), splines=splines)
    assert (tmp_path / "model.svg").read_text().startswith("<?xml")
    assert plot_model(model, tmp_path / "model.pdf") is None
    assert (tmp_path / "model.pdf").read_bytes().startswith(b"%PDF")


def test_a_picture_too_long_for_matplotlib(tmp_path):
    with pytest.warns(UserWarning, match="plot_model: with dpi=100000"):
        figure = diagram.draw(chain(), "TB", "line", 100_000, **SHOWN)
    assert max(figure.get_size_inches()) * figure.dpi <= diagram.MOST_PIXELS


@pytest.mark.parametrize(
    ("model", "arguments", "words"),
    [
        (keras.Sequential([layers.Dense(2)]), {}, "a model that is built"),
        (None, {}, "a model that is built"),
        (chain(), {"rankdir": "up"}, "'TB', 'LR', 'BT' or 'RL', received 'up'"),
        (chain(), {"splines": "wavy"}, "splines to be one of ortho, line"),
        (chain(), {"dpi": 0}, "dpi to be a number above 0"),
        (chain(), {"to_file": "model.dot"}, "Format 'dot' is not supported"),
    ],
)
def test_what_is_refused(model, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=words):
        plot_model(model, **arguments)
