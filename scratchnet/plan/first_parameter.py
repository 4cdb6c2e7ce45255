"""A backward pass that ends where nothing learns any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.layers.activated import ActivatedLayer
from scratchnet.plan.dense_chain import DenseChain
from scratchnet.plan.pooled_convolution import PooledConvolution
from scratchnet.plan.stages import is_own

if TYPE_CHECKING:
    from scratchnet.plan.plan import Plan


def nothing_before_the_first_parameter(plan: Plan) -> None:
    """Compute no gradient that no parameter needs; the same bits without it.

    The backward pass ends at the first layer that learns, and that layer, if it can
    be asked to, leaves out the gradient of its input.
    """
    learning = plan.learning
    plan.differentiate_from = learning[0] if learning else len(plan.layers)
    if learning:
        first = plan.layers[learning[0]]
        if isinstance(first, ActivatedLayer) and is_own(first):
            stage = plan.stages[learning[0]]
            plan.stages[learning[0]] = _WithoutInputGradient(stage, first)


class _WithoutInputGradient:
    """The first layer that learns: nothing before it asks for a gradient."""

    def __init__(self, stage: Any, layer: ActivatedLayer) -> None:
        self.forward = stage.forward
        self.stage, self._layer = stage, layer

    def backward(self, dy: np.ndarray) -> None:
        if isinstance(self.stage, PooledConvolution | DenseChain):
            self.stage.backward(dy, input_gradient=False)
        else:
            self._layer.backward_params(self.stage.backward_activation(dy))
