from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fake_model import FakeModel

from scratchnet.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    EarlyStopping,
    History,
    LambdaCallback,
    ProgbarLogger,
)

HOOKS = [
    *(f"on_{phase}_{edge}" for phase in ("train", "test", "predict")
      for edge in ("begin", "end")),
    *(f"on_{phase}_batch_{edge}" for phase in ("train", "test", "predict")
      for edge in ("begin", "end")),
    "on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end",
]  # fmt: skip


class Witness(Callback):
    """Notes every call."""

    def __init__(self, name: str, heard: list[Any]) -> None:
        super().__init__()
        for hook in HOOKS:
            setattr(self, hook, self._noter(name, hook, heard))

    @staticmethod
    def _noter(name: str, hook: str, heard: list[Any]) -> Any:
        def note(*position: Any, logs: Any = None) -> None:
            heard.append((name, hook, *position, *([] if logs is None else [logs])))

        return note


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_reaches_every_member_in_order(hook: str) -> None:
    heard: list[Any] = []
    members = CallbackList([Witness("a", heard), [Witness("b", heard)]])
    position = (4,) if "batch" in hook or "epoch" in hook else ()
    getattr(members, hook)(*position, {"loss": 2})
    assert heard == [(name, hook, *position, {"loss": 2.0}) for name in "ab"]


def test_logs_are_sorted_plain_flat_copies_shared_by_the_members() -> None:
    seen = []
    first = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(added=1.0))
    second = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs))
    array = np.arange(2.0)
    logs = {
        "b": np.float32(0.5),
        "a": np.array(1),
        "d": array,
        "c": {"x": 2},
        "t": "text",
    }
    CallbackList([first, second]).on_epoch_end(0, logs)
    assert list(seen[0]) == ["a", "b", "x", "d", "t", "added"]
    assert type(seen[0]["b"]) is float and type(seen[0]["a"]) is float
    assert seen[0]["d"] is array and seen[0]["t"] == "text"
    assert "added" not in logs


def test_members_get_a_dict_when_there_are_no_logs() -> None:
    seen = []
    CallbackList(LambdaCallback(on_train_begin=seen.append)).on_train_begin()
    assert seen == [{}]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (EarlyStopping, r"the class EarlyStopping; did you mean EarlyStopping\(\)\?"),
        ([EarlyStopping()], None),
        ("EarlyStopping", "'EarlyStopping' of type str"),
        ([[None]], "None of type NoneType"),
        (lambda epoch: None, "of type function"),
        (int, "received the class int$"),
    ],
)
def test_members_must_be_callback_instances(wrong: Any, message: str | None) -> None:
    if message is None:
        assert len(CallbackList(wrong).callbacks) == 1
        return
    with pytest.raises(TypeError, match=message):
        CallbackList(wrong)


def test_history_and_progress_bar_are_added_once() -> None:
    model = FakeModel()
    params = {"verbose": 0, "epochs": 1, "steps": 1}
    members = CallbackList(None, True, True, model, **params)
    assert [type(one) for one in members.callbacks] == [History, ProgbarLogger]
    assert members.history is model.history is members.callbacks[0]
    own = History()
    members = CallbackList([own, ProgbarLogger()], True, True, model, **params)
    assert len(members.callbacks) == 2 and members.history is own
    assert CallbackList().history is None


def test_model_and_params_reach_every_member() -> None:
    one, model = Callback(), FakeModel()
    members = CallbackList([one], model=model, verbose=0, epochs=3, steps=7)
    assert one.model is members.model is model
    assert one.params == {"verbose": 0, "epochs": 3, "steps": 7}


def test_a_backup_is_made_after_all_others_have_had_their_say() -> None:
    backup, stopping = BackupAndRestore("folder"), EarlyStopping()
    members = CallbackList([backup, stopping], True, True)
    kinds = [type(one) for one in members.callbacks]
    assert kinds == [EarlyStopping, History, ProgbarLogger, BackupAndRestore]


def test_logs_of_a_batch_are_not_touched_when_nobody_listens() -> None:
    class Untouchable(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise AssertionError("the logs were read")

    members = CallbackList([Callback(), EarlyStopping(), History()])
    for hook in HOOKS:
        if "batch" in hook:
            getattr(members, hook)(0, Untouchable(loss=1.0))
    listening = CallbackList([LambdaCallback(on_batch_end=lambda batch, logs: None)])
    with pytest.raises(AssertionError, match="were read"):
        listening.on_train_batch_end(0, Untouchable(loss=1.0))


def test_a_hook_set_on_an_instance_before_training_is_heard() -> None:
    late, heard = Callback(), []
    members = CallbackList([late])
    late.on_train_batch_end = (  # type: ignore[method-assign]
        lambda batch, logs=None: heard.append(batch)
    )
    members.on_train_begin()
    members.on_train_batch_end(5)
    assert heard == [5]
