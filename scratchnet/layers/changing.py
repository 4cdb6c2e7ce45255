"""Arguments of a layer that are set after it was made, as the constructor would."""

from __future__ import annotations

from typing import Any

# What a layer has become, beside what it was made with.
STATE = frozenset(
    "name trainable calls built input_shape output_shape params grads buffers "
    "input_shape_argument".split()
)


def change(layer: Any, made: Any, name: str, value: Any) -> None:
    """Change an argument of a layer, and all that the constructor makes of it.

    Args:
        layer: the layer, of the class ``made`` or one derived from it.
        made: the class of scratchnet's own whose argument it is.
        name: of the argument.
        value: of it.

    Raises:
        AttributeError: weights, shapes or random numbers go by it.
    """
    fixed = name in ("dtype", "seed") or bool(layer.nodes)
    if not fixed:
        config = made.get_config(layer)
        old, new = made(**config), made(**{**config, name: value})
        fixed = layer.built and _shapes(old, layer) != _shapes(new, layer)
    if fixed:
        raise AttributeError(
            f"{layer.label}: '{name}' can't be changed any more, since weights, "
            "shapes or random numbers go by it; make a new layer"
        )
    for own, now in vars(new).items():
        if own not in STATE and (own == name or now != vars(old).get(own)):
            vars(layer)[own] = now
    vars(layer)["changes"] = layer.changes + 1


def _shapes(like: Any, layer: Any) -> Any:
    """Return the shapes that a layer like another would have in its place."""
    shape = layer.input_shape
    return like.compute_output_shape(shape), like.weight_shapes(shape)
