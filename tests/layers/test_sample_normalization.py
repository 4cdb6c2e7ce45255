from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import GroupNormalization, LayerNormalization
from tests.layers.suite import Case, LayerSuite, RefusesShapes, refuses


def normalised(layer, x, axes):
    mean = x.mean(axis=axes, keepdims=True)
    variance = np.square(x - mean).mean(axis=axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + layer.epsilon)


def scaled(layer, y, weights, axes):
    """Scale and shift along axes."""
    shape = [size if i in axes else 1 for i, size in enumerate(y.shape)]
    gamma = weights["gamma"].reshape(shape) if layer.scale else 1
    beta = weights["beta"].reshape(shape) if layer.center else 0
    return y * gamma + beta


class TestLayerNormalization(RefusesShapes, LayerSuite):
    layer = LayerNormalization
    terms = 256
    cases = (
        Case({}, (7,), (7,), {"gamma": (7,), "beta": (7,)}),
        Case({"axis": -1}, (2, 3, 5), (2, 3, 5), {"gamma": (5,), "beta": (5,)}),
        Case(
            {"axis": [1, 2, 3], "center": False},
            (2, 3, 5),
            (2, 3, 5),
            {"gamma": (2, 3, 5)},
        ),
        Case({"axis": 1, "scale": False}, (4, 3), (4, 3), {"beta": (4,)}),
        Case(
            {"axis": [-2], "epsilon": 0.5},
            (4, 3),
            (4, 3),
            {"gamma": (4,), "beta": (4,)},
        ),
    )
    bad_shapes = (
        ({"axis": 2}, (3, 4), r"expected axes behind .*received \[2\] and \(N, 4\)"),
        ({"axis": 0}, (3, 4), r"expected axes behind .*received \[0\] and \(N, 4\)"),
    )

    def expected(self, layer, x, weights):
        axes = layer.axes(x.shape)
        return scaled(layer, normalised(layer, x, axes), weights, axes)


class TestGroupNormalization(RefusesShapes, LayerSuite):
    layer = GroupNormalization
    terms = 256
    cases = (
        Case({"groups": 2}, (2, 3, 6), (2, 3, 6), {"gamma": (6,), "beta": (6,)}),
        Case({"groups": -1, "center": False}, (4, 3, 2), (4, 3, 2), {"gamma": (2,)}),
        Case({"groups": 1, "scale": False}, (8,), (8,), {"beta": (8,)}),
        Case({"groups": 2, "axis": 1}, (4, 3), (4, 3), {"gamma": (4,), "beta": (4,)}),
    )
    bad_shapes = (
        (
            {"groups": 4},
            (2, 3, 6),
            r"groups to divide .*groups=4 and input \(N, 3",
        ),
        ({"groups": 2, "axis": 3}, (2, 4), "expected axes behind the batch"),
    )

    def expected(self, layer, x, weights):
        axis = layer.axis % x.ndim
        moved = np.moveaxis(x, axis, 1)
        groups = layer.groups_of(moved.shape[1])
        parts = moved.reshape(len(x), groups, -1)
        y = normalised(layer, parts, (2,)).reshape(moved.shape)
        return scaled(layer, np.moveaxis(y, 1, axis), weights, (axis,))


def test_arguments_that_make_no_sense_are_refused():
    refuses(LayerNormalization, {"epsilon": 0}, "expected epsilon to be a number above")
    refuses(GroupNormalization, {"groups": 0}, "a positive integer for groups")
    refuses(GroupNormalization, {"axis": [1]}, "expected an integer for axis")
    refuses(LayerNormalization, {"rms_scaling": True}, "rms_scaling=True is outside")
    with pytest.raises(TypeError, match="axis to be an integer or several"):
        LayerNormalization(axis="last")
