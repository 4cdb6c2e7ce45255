from __future__ import annotations

from typing import Any

import pytest
from fake_model import FakeModel, fit, values

from scratchnet.callbacks import CallbackList, LambdaCallback


def test_functions_are_called_as_keras_calls_them() -> None:
    heard: list[Any] = []
    callback = LambdaCallback(
        on_epoch_begin=lambda e, _: heard.append(("epoch begin", e)),
        on_epoch_end=lambda e, found: heard.append(("epoch end", e, found)),
        on_train_begin=lambda _: heard.append("train begin"),
        on_train_end=lambda found: heard.append(("train end", found)),
        on_train_batch_begin=lambda b, logs: heard.append(("batch begin", b)),
        on_train_batch_end=lambda b, logs: heard.append(("batch end", b, logs)),
    )
    fit(FakeModel(), callback, values("loss", 2), 1, [{"loss": 3}])
    assert heard == [
        "train begin",
        ("epoch begin", 0),
        ("batch begin", 0),
        ("batch end", 0, {"loss": 3.0}),
        ("epoch end", 0, {"loss": 2.0}),
        ("train end", {"loss": 2.0}),
    ]


def test_any_other_hook_can_be_given_by_name() -> None:
    heard: list[Any] = []
    callback = LambdaCallback(on_test_begin=heard.append, on_predict_end=None)
    members = CallbackList(callback)
    members.on_test_begin({"a": 1})
    members.on_predict_end()
    assert heard == [{"a": 1.0}]


@pytest.mark.parametrize("name", ["on_epoch_stop", "set_model", "model", "on_"])
def test_what_is_no_hook_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=f"'{name}' is no hook.*on_epoch_end"):
        LambdaCallback(**{name: print})


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="a function as on_epoch_end, received 3"):
        LambdaCallback(on_epoch_end=3)  # type: ignore[arg-type]
