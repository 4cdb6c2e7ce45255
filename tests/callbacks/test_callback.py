from __future__ import annotations

import pytest

from scratchnet import callbacks
from scratchnet.callbacks import Callback


def test_model_and_params_are_those_that_were_set() -> None:
    callback, model = Callback(), object()
    assert callback.model is None and callback.params is None
    callback.set_model(model)
    callback.set_params({"epochs": 3})
    assert callback.model is model and callback.params == {"epochs": 3}


def test_a_subclass_need_not_call_the_base_constructor() -> None:
    class Forgetful(Callback):
        def __init__(self) -> None:
            pass

    assert Forgetful().model is None and Forgetful().params is None


def test_the_older_batch_hooks_are_called_by_the_newer_ones() -> None:
    heard = []

    class Older(Callback):
        def on_batch_begin(self, batch, logs=None):  # type: ignore[no-untyped-def]
            heard.append(("begin", batch, logs))

        def on_batch_end(self, batch, logs=None):  # type: ignore[no-untyped-def]
            heard.append(("end", batch, logs))

    Older().on_train_batch_begin(1, {"a": 1})
    Older().on_train_batch_end(2, {"a": 2})
    assert heard == [("begin", 1, {"a": 1}), ("end", 2, {"a": 2})]


def test_a_callback_that_is_not_there_is_an_error_that_lists_those_that_are() -> None:
    with pytest.raises(AttributeError, match="no 'RemoteMonitor'"):
        callbacks.RemoteMonitor  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'EarlyStopping'"):
        callbacks.EarlyStoping  # noqa: B018
