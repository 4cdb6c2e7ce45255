"""Activation functions: Keras's names, and what layers need of them.

    linear       y = x
    relu         y = max(x, 0)
    sigmoid      y = 1 / (1 + e⁻ˣ)              dy/dx = y (1 − y)
    tanh         y = tanh x                     dy/dx = 1 − y²
    softmax      y_i = eˣⁱ / ∑_j eˣʲ            dx_i = y_i (dy_i − ∑_j dy_j y_j)
    log_softmax  y_i = x_i − log ∑_j eˣʲ        dx_i = dy_i − eʸⁱ ∑_j dy_j

All others are formulas with a slope each: see `kernels/activations/rectifiers.py`,
`kernels/activations/exponential_units.py` and `kernels/activations/gates.py`.

Reference: `keras/src/activations/activations.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scratchnet.activations.elementwise import Elementwise, Gelu, Relu
from scratchnet.activations.function import REQUIRED, ActivationFunction, Linear
from scratchnet.activations.over_axis import OverAxis, axis
from scratchnet.foundation import lookup
from scratchnet.foundation.arguments import flag, non_negative, positive, real

linear = Linear("linear")
relu = Relu(
    "relu",
    negative_slope=(0.0, non_negative),
    max_value=(None, lambda *given: None if given[2] is None else non_negative(*given)),
    threshold=(0.0, real),
)
leaky_relu = Elementwise("leaky_relu", negative_slope=(0.2, non_negative))
relu6 = Elementwise("relu6")
elu = Elementwise("elu", alpha=(1.0, non_negative))
selu = Elementwise("selu")
celu = Elementwise("celu", alpha=(1.0, positive))
exponential = Elementwise("exponential")
softplus = Elementwise("softplus")
log_sigmoid = Elementwise("log_sigmoid")
sigmoid = Elementwise("sigmoid")
hard_sigmoid = Elementwise("hard_sigmoid")
sparse_sigmoid = Elementwise("sparse_sigmoid")
tanh = Elementwise("tanh")
hard_tanh = Elementwise("hard_tanh")
tanh_shrink = Elementwise("tanh_shrink")
softsign = Elementwise("softsign")
squareplus = Elementwise("squareplus", b=(4, positive))
sparse_plus = Elementwise("sparse_plus")
silu = Elementwise("silu")
hard_silu = Elementwise("hard_silu")
gelu = Gelu("gelu", approximate=(False, flag))
mish = Elementwise("mish")
soft_shrink = Elementwise("soft_shrink", threshold=(0.5, non_negative))
hard_shrink = Elementwise("hard_shrink", threshold=(0.5, non_negative))
threshold = Elementwise(
    "threshold", threshold=(REQUIRED, real), default_value=(REQUIRED, real)
)
softmax = OverAxis("softmax", axis=(-1, axis))
log_softmax = OverAxis("log_softmax", axis=(-1, axis))

# What a layer can be given by name.
ALL: dict[str, ActivationFunction] = {
    found.name: found
    for found in list(globals().values())
    if isinstance(found, ActivationFunction) and found is not threshold
}

# Keras's second names.
swish, hard_swish = silu, hard_silu
_NAMES = {**ALL, "swish": silu, "hard_swish": hard_silu}


# The layers that may be given as an activation, as their configurations name them.
_LAYERS = {"ReLU": relu, "LeakyReLU": leaky_relu, "ELU": elu, "Softmax": softmax}


def get(identifier: Any) -> ActivationFunction:
    """Return an activation by name, or the one given; None stands for linear.

    A function of Keras, TensorFlow, PyTorch or JAX is found by its name, and a layer
    such as ``LeakyReLU(0.1)`` stands for its function.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is nothing of these, such as a function of one's own.

    >>> get("swish")
    <scratchnet.activations.silu>
    """
    if identifier is None:
        return linear
    function = getattr(identifier, "as_activation", identifier)
    if isinstance(function, ActivationFunction):
        return function
    if isinstance(function, Mapping) and function.get("class_name") in _LAYERS:
        plain = _LAYERS[function["class_name"]]
        config = function.get("config", {})
        return plain.with_settings(
            **{k: config[k] for k in plain.settings if k in config}
        )
    if callable(function) and not lookup.name_of_function(function, _NAMES):
        raise TypeError(_no_gradient(function))
    return lookup.find("activation", function, _NAMES, ActivationFunction)


def _no_gradient(function: Any) -> str:
    """Return what to do about a function that is none of ours."""
    calls = getattr(getattr(function, "__code__", None), "co_names", ())
    known = next((name for name in calls if name in _NAMES), None)
    layer = next((k for k, f in _LAYERS.items() if f.name == known), None)
    instead = f"one of {', '.join(_NAMES)}" if known is None else repr(known)
    if layer is not None:
        instead += f", or layers.{layer}(...) with its number"
    return (
        f"activation: expected a name or an object of scratchnet.activations, received "
        f"{function!r}, whose gradient is not known here; write {instead}, or a layer "
        "of your own with forward and backward"
    )


def serialize(activation: Any) -> Any:
    """Return an activation as configurations hold it.

    That is its name, or, with settings of its own, the layer that has them.
    """
    function = get(activation)
    plain = _NAMES.get(function.__name__)
    for layer, known in _LAYERS.items():
        if known is plain and function is not plain:
            config = dict(function.settings)
            return {
                "module": "keras.layers",
                "class_name": layer,
                "config": config,
                "registered_name": None,
            }
    return function.name


deserialize = lookup.deserializer(__name__, "activation", get)

__getattr__ = lookup.missing_attribute(__name__, _NAMES)
