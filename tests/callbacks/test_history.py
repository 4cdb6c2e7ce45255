from __future__ import annotations

from fake_model import FakeModel, fit

from scratchnet.callbacks import History, LambdaCallback


def test_every_epoch_is_recorded_and_the_model_has_the_record() -> None:
    model = FakeModel()
    logs = [{"loss": 3.0}, {"loss": 2.0, "val_loss": 5.0}, {"loss": 1.0}]
    history = fit(model, None, logs).history
    assert history is model.history
    assert history.epoch == [0, 1, 2]
    assert history.history == {"loss": [3.0, 2.0, 1.0], "val_loss": [5.0]}
    assert history.params == {"verbose": 0, "epochs": 3, "steps": 1}


def test_what_other_callbacks_add_to_the_logs_is_recorded() -> None:
    adder = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(twice=2.0))
    history = fit(FakeModel(), adder, [{"loss": 1.0}]).history
    assert history is not None and history.history["twice"] == [2.0]


def test_an_instance_used_again_keeps_values_and_counts_epochs_anew() -> None:
    history, model = History(), FakeModel()
    fit(model, history, [{"loss": 2.0}])
    fit(model, history, [{"loss": 1.0}])
    assert history.epoch == [0] and history.history == {"loss": [2.0, 1.0]}
