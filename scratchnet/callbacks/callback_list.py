"""Many callbacks, called as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.callbacks.history import History
from scratchnet.callbacks.progress_bar import ProgbarLogger

# Hooks whose only argument is logs; those of epochs have the epoch before it.
_RUN_HOOKS = (
    *("on_train_begin", "on_train_end", "on_test_begin", "on_test_end"),
    *("on_predict_begin", "on_predict_end"),
)
_EPOCH_HOOKS = ("on_epoch_begin", "on_epoch_end")

# Hooks that are called once per batch, and the methods whose override makes a callback
# listen to them.
_BATCH_HOOKS = {
    "on_batch_begin": ("on_batch_begin",),
    "on_batch_end": ("on_batch_end",),
    "on_train_batch_begin": ("on_train_batch_begin", "on_batch_begin"),
    "on_train_batch_end": ("on_train_batch_end", "on_batch_end"),
    "on_test_batch_begin": ("on_test_batch_begin",),
    "on_test_batch_end": ("on_test_batch_end",),
    "on_predict_batch_begin": ("on_predict_batch_begin",),
    "on_predict_batch_end": ("on_predict_batch_end",),
}


class CallbackList(Callback):
    """Pass every event on to a list of callbacks, in the list's order.

    Callbacks with ``runs_last`` (`BackupAndRestore`) come after all others. A batch
    is reported only to those that override one of the batch hooks: with none of them
    it costs next to nothing.

    What the callbacks receive is a copy of the logs with the names sorted and the
    values as Python floats where that is possible, as in Keras.

    Args:
        callbacks: a callback, or a list of them, nested if you like.
        add_history: add a `History` if none is there.
        add_progbar: add a `ProgbarLogger` if none is there.
        model: passed on to every callback.
        **params: ``verbose``, ``epochs`` and ``steps``, passed on likewise.

    Attributes:
        history: the `History` among the members, None without one.

    Raises:
        TypeError: a member is no `Callback`.

    Reference: `keras/src/callbacks/callback_list.py`.

    >>> from scratchnet.callbacks import LambdaCallback
    >>> printer = LambdaCallback(on_epoch_begin=lambda epoch, logs: print(epoch))
    >>> CallbackList([printer]).on_epoch_begin(3)
    3
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        members = [] if callbacks is None else list(_flatten(callbacks))
        self.history: History | None = _last_of(History, members)
        if add_history and self.history is None:
            self.history = History()
            members.append(self.history)
        if add_progbar and _last_of(ProgbarLogger, members) is None:
            members.append(ProgbarLogger())
        self.callbacks: list[Callback] = sorted(members, key=lambda one: one.runs_last)
        self._find_listeners()
        self.set_model(model)
        self.set_params(params)

    def complete(self, model: Any, **params: Any) -> None:
        """Add what `fit` needs and a list made by hand may lack.

        That is a `History`, without which Keras's `fit` fails, the model and the
        parameters of the run.
        """
        if self.history is None:
            self.history = History()
            self.history.set_model(self.model)
            self.callbacks.append(self.history)
            self.callbacks.sort(key=lambda one: one.runs_last)
        if self.model is None:
            self.set_model(model)
        model.history = self.history
        if not self.params:
            self.set_params(params)

    def set_params(self, params: dict[str, Any]) -> None:
        """Pass the parameters of the run on, if there are any."""
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Pass the model on, and give it the `History`."""
        if model is None:
            return
        super().set_model(model)
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def _tell(self, hook: str, logs: Logs, *epoch: int) -> None:
        shared = plain_logs(logs)
        for callback in self.callbacks:
            getattr(callback, hook)(*epoch, shared)

    def _tell_listeners(self, hook: str, batch: int, logs: Logs) -> None:
        listeners = self._listeners[hook]
        if not listeners:
            return
        shared = plain_logs(logs)
        for callback in listeners:
            # By keyword, as Keras does: users' functions may rely on the name.
            getattr(callback, hook)(batch, logs=shared)

    def _find_listeners(self) -> None:
        self._listeners = {
            hook: [one for one in self.callbacks if _overrides(one, methods)]
            for hook, methods in _BATCH_HOOKS.items()
        }


def _passing_on(hook: str) -> Callable[..., None]:
    """Return `CallbackList`'s method of a hook's name."""

    def of_run(self: CallbackList, logs: Logs = None) -> None:
        if hook.endswith("_begin"):
            self._find_listeners()
        self._tell(hook, logs)

    def of_epoch(self: CallbackList, epoch: int, logs: Logs = None) -> None:
        self._tell(hook, logs, epoch)

    def of_batch(self: CallbackList, batch: int, logs: Logs = None) -> None:
        self._tell_listeners(hook, batch, logs)

    if hook in _BATCH_HOOKS:
        return of_batch
    return of_epoch if hook in _EPOCH_HOOKS else of_run


for _hook in (*_RUN_HOOKS, *_EPOCH_HOOKS, *_BATCH_HOOKS):
    setattr(CallbackList, _hook, _passing_on(_hook))


def plain_logs(logs: Logs) -> dict[str, Any]:
    """Return a copy: names sorted, nested dicts flattened, values as Python floats.

    What float() refuses (a text, an array) stays as it is.

    >>> plain_logs({"loss": 1, "accuracy": 0.5, "note": "warm-up"})
    {'accuracy': 0.5, 'loss': 1.0, 'note': 'warm-up'}
    """
    plain: dict[str, Any] = {}
    for name, value in sorted((logs or {}).items()):
        if isinstance(value, dict):
            plain.update(plain_logs(value))
        else:
            plain[name] = value if type(value) is float else _plain(value)
    return plain


def _plain(value: Any) -> Any:
    if getattr(value, "ndim", 0):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _overrides(callback: Callback, methods: tuple[str, ...]) -> bool:
    """Whether a subclass, or a function set on the instance, replaces a method."""
    return any(
        getattr(getattr(callback, method), "__func__", None)
        is not getattr(Callback, method)
        for method in methods
    )


def _last_of(kind: type, members: list[Callback]) -> Any:
    found = [one for one in members if isinstance(one, kind)]
    return found[-1] if found else None


def _flatten(callbacks: Any) -> Iterator[Callback]:
    if isinstance(callbacks, list | tuple):
        for member in callbacks:
            yield from _flatten(member)
    elif isinstance(callbacks, Callback):
        yield callbacks
    else:
        raise TypeError(
            f"callbacks: expected Callback instances, received {_describe(callbacks)}"
        )


def _describe(what: Any) -> str:
    if not isinstance(what, type):
        return f"{what!r} of type {type(what).__name__}"
    if issubclass(what, Callback):
        return f"the class {what.__name__}; did you mean {what.__name__}()?"
    return f"the class {what.__name__}"
