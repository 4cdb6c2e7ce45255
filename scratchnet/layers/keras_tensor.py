"""What stands for a layer's output while a graph of layers is being drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

from scratchnet.foundation.shapes import Shape


class KerasTensor:
    """The shape and dtype of what will flow here, and the layer that it comes from.

    `Input` returns one; a layer called on one returns another. `Model` follows them
    back from its outputs to its inputs: they are the nodes of its graph.

    Args:
        shape: of a batch, None for its size.
        dtype: float32 or float64.
        layer: the layer that will compute it.
        inputs: what that layer will read.

    Reference: `keras/src/backend/common/keras_tensor.py`.
    """

    def __init__(
        self,
        shape: Shape,
        dtype: Any,
        layer: Any,
        inputs: Iterable[KerasTensor] = (),
    ) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype).name
        self.layer, self.inputs = layer, tuple(inputs)

    @property
    def ndim(self) -> int:
        """The number of dimensions, the batch's included."""
        return len(self.shape)

    @property
    def name(self) -> str:
        """The name of the layer that it comes from."""
        return self.layer.name

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        """Say that there are no numbers yet."""
        raise TypeError(
            f"{self!r} has no values: it stands for the output of "
            f"{self.layer.label} in a graph; call layers on it, make a Model of the "
            "graph, and call that on an array"
        )

    def __repr__(self) -> str:
        """Show shape, dtype and origin."""
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def is_symbolic(x: Any) -> bool:
    """Tell whether x is a `KerasTensor`, or a list of them."""
    if isinstance(x, list | tuple) and x:
        return all(isinstance(one, KerasTensor) for one in x)
    return isinstance(x, KerasTensor)
