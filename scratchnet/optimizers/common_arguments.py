"""The arguments that all optimizers share, which only `Optimizer` writes down."""

from __future__ import annotations

import functools
import inspect
import warnings
from typing import Any, TypeVar

from scratchnet.foundation import lookup
from scratchnet.optimizers.optimizer import INSTEAD, Optimizer

Class = TypeVar("Class", bound=type[Optimizer])

COMMON = [*inspect.signature(Optimizer.__init__).parameters.values()][2:]


def with_common_arguments(cls: Class) -> Class:
    """Give an optimizer's constructor, in place of its ``**common``, Keras's arguments.

    Raises:
        ValueError: when it is called with an argument that there is not, as in Keras.

    >>> @with_common_arguments
    ... class Signs(Optimizer):
    ...     def __init__(self, learning_rate=0.1, **common):
    ...         super().__init__(learning_rate, **common)
    >>> Signs(0.5, clipnorm=1.0).clipnorm
    1.0
    """
    constructor = cls.__init__
    own = inspect.signature(constructor)
    first = [one for one in own.parameters.values() if one.kind is not one.VAR_KEYWORD]
    more = [one for one in COMMON if one.name not in own.parameters]
    signature = own.replace(parameters=[*first, *more])

    @functools.wraps(constructor)
    def checked(self: Any, *given: Any, **named: Any) -> None:
        who = type(self).__name__
        if named.pop("decay", None) is not None:
            warnings.warn(
                f"{who}: decay is ignored, as in Keras 3: {INSTEAD['decay']}",
                stacklevel=2,
            )
        for name in named.keys() - signature.parameters.keys():
            reason = INSTEAD.get(name)
            known = dict.fromkeys([*signature.parameters][1:])
            raise ValueError(
                f"{who}: there is no argument '{name}'"
                + (f": {reason}" if reason else lookup.suggest(name, known))
            )
        constructor(**signature.bind(self, *given, **named).arguments)

    checked.__signature__ = signature  # type: ignore[attr-defined]
    cls.__init__ = checked  # type: ignore[method-assign]
    return cls
