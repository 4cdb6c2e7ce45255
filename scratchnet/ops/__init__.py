"""Functions and operators of tensors: Keras's `keras.ops`, as far as models need it.

On arrays they compute; on what `Input` returned, and what layers made of it, they are
nodes of the graph, with a gradient each, but for those in `arrays`, which refuse it.
"""

from scratchnet.activations import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from scratchnet.foundation import lookup
from scratchnet.layers.keras_tensor import OPERATORS
from scratchnet.ops import arrays, functions
from scratchnet.ops.arrays import *  # noqa: F403 - the room's own functions
from scratchnet.ops.elementwise import activation
from scratchnet.ops.functions import *  # noqa: F403 - the room's own functions
from scratchnet.ops.loss_values import loss_values
from scratchnet.ops.weight import Weight

OPERATORS.update(
    {
        **{name: getattr(functions, name) for name in functions.__all__},
        # The operator has a name of its own in Keras's files.
        "divide": functions.true_divide,
        "activation": activation,
        "loss": loss_values,
        "weight": Weight,
    }
)

__all__ = [
    *arrays.__all__,
    *functions.__all__,
    "elu",
    "gelu",
    "leaky_relu",
    "log_softmax",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
