"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.callbacks.callback import Callback

Hook = Callable[..., Any] | None


class LambdaCallback(Callback):
    """Call functions at a callback's hooks.

    Args:
        on_epoch_begin: called with ``epoch, logs``, both by position.
        on_epoch_end: likewise.
        on_train_begin: called with ``logs`` by position.
        on_train_end: likewise.
        on_train_batch_begin: called with ``batch`` by position, ``logs=`` by name.
        on_train_batch_end: likewise.
        **kwargs: functions for any other hook of `Callback`, by its name.

    Raises:
        TypeError: a name is no hook of `Callback`, or a value can't be called.

    Reference: `keras/src/callbacks/lambda_callback.py`.

    >>> shout = LambdaCallback(on_train_begin=lambda logs: print("here we go"))
    >>> shout.on_train_begin({})
    here we go
    """

    def __init__(
        self,
        on_epoch_begin: Hook = None,
        on_epoch_end: Hook = None,
        on_train_begin: Hook = None,
        on_train_end: Hook = None,
        on_train_batch_begin: Hook = None,
        on_train_batch_end: Hook = None,
        **kwargs: Hook,
    ) -> None:
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        known = sorted(name for name in vars(Callback) if name.startswith("on_"))
        for name, function in hooks.items():
            if name not in known:
                raise TypeError(
                    f"LambdaCallback: {name!r} is no hook of Callback; the hooks are: "
                    f"{', '.join(known)}"
                )
            if function is None:
                continue
            if not callable(function):
                raise TypeError(
                    f"LambdaCallback: expected a function as {name}, received "
                    f"{function!r}"
                )
            setattr(self, name, function)
