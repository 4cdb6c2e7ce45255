"""Operations made again of what a configuration says."""

from __future__ import annotations

from typing import Any

from scratchnet import activations
from scratchnet.layers.layer import Layer
from scratchnet.ops import arithmetic, conditions, elementwise, reductions, shaping
from scratchnet.ops.elementwise import ActivationOperation, class_name_of
from scratchnet.ops.operation import Operation

# The closed list of operations that a configuration or a file may name.
ALL: dict[str, type[Operation]] = {
    kind.__name__: kind
    for room in (arithmetic, conditions, elementwise, reductions, shaping)
    for kind in vars(room).values()
    if isinstance(kind, type)
    and issubclass(kind, Operation)
    and kind.__module__ == room.__name__
    and kind not in (arithmetic.Binary, elementwise.Unary, reductions.Reduction)
    and kind not in (shaping.AxisOperation, shaping.Joined)
    and kind not in (conditions.Comparison, conditions.Step)
}

ACTIVATIONS = {class_name_of(one): one for one in activations.ALL.values()}
ACTIVATIONS["Relu"] = activations.relu

NAMES = (*ALL, *ACTIVATIONS)

MODULES = tuple(
    f"keras.src.{home}" for home in ("ops.numpy", "ops.nn", "activations.activations")
)


def make(class_name: str, config: dict[str, Any], arguments: list[Any]) -> Layer:
    """Return an operation.

    Args:
        class_name: one of `NAMES`.
        config: its settings.
        arguments: of its call, with `operation.HOLE` for tensors.

    Raises:
        NotImplementedError: a setting is outside the subset.
    """
    if class_name in ALL:
        return ALL[class_name](arguments, **config)
    function = ACTIVATIONS[class_name]
    unknown = set(config) - {"name", *function.settings}
    if unknown:
        raise NotImplementedError(
            f"{class_name}: {min(unknown)!r} is outside scratchnet's subset of Keras"
        )
    function = function.with_settings(
        **{key: config[key] for key in function.settings if key in config}
    )
    return ActivationOperation(activation=function, name=config.get("name"))
