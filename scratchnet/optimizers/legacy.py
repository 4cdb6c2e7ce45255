"""Keras 2's optimizers, which Keras 3 has no more, either."""

from __future__ import annotations

from typing import Any


class _Legacy:
    """What says, when it is made, which optimizer is there instead.

    Raises:
        ImportError: always, as in Keras 3.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        name = type(self).__name__
        raise ImportError(
            f"keras.optimizers.legacy.{name} is Keras 2's and not in Keras 3; use "
            f"keras.optimizers.{name}"
        )


class Adagrad(_Legacy):
    """See `_Legacy`."""


class Adam(_Legacy):
    """See `_Legacy`."""


class Ftrl(_Legacy):
    """See `_Legacy`."""


class Optimizer(_Legacy):
    """See `_Legacy`."""


class RMSprop(_Legacy):
    """See `_Legacy`."""


class SGD(_Legacy):
    """See `_Legacy`."""
