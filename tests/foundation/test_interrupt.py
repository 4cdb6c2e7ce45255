"""Ctrl-C during training: what is kept, and who hears of it."""

import signal
import threading

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers
from scratchnet.callbacks import Callback, EarlyStopping, LambdaCallback
from scratchnet.foundation.interrupt import DeferredInterrupt

X = np.random.default_rng(0).random((20, 4)).astype(np.float32)
Y = np.eye(2, dtype=np.float32)[np.arange(20) % 2]


def compiled():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, "softmax")])
    model.compile(keras.optimizers.SGD(0.5), "categorical_crossentropy")
    return model


@pytest.fixture(autouse=True)
def handler_is_put_back():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def ctrl_c():
    signal.raise_signal(signal.SIGINT)


class PressAt(Callback):
    """Presses Ctrl-C at one event, and notes what happens after it."""

    def __init__(self, event, at=(), presses=1):
        super().__init__()
        self.pressed_at = None
        self.ended = False

        def press(*where, logs=None):
            if self.pressed_at is None and where[:1] == at:
                self.pressed_at = int(self.model.optimizer.iterations)
                for _ in range(presses):
                    ctrl_c()

        setattr(self, event, press)

    def on_train_end(self, logs=None):
        self.ended = True


@pytest.mark.parametrize(
    ("event", "at", "steps"),
    [
        # Steps done, of four per epoch: the step that was on its way is completed.
        ("on_train_batch_begin", (2,), 3),
        ("on_train_batch_end", (2,), 3),
        ("on_test_batch_end", (1,), 4),
    ],
)
def test_the_step_is_completed_and_training_ends(event, at, steps):
    model, press = compiled(), PressAt(event, at)
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            X,
            Y,
            batch_size=5,
            epochs=9,
            verbose=0,
            validation_data=(X, Y),
            validation_batch_size=5,
            callbacks=[press],
        )
    assert model.optimizer.iterations == steps
    assert model.history.epoch == []
    assert press.ended
    assert model.interrupted


def test_history_holds_the_completed_epochs():
    model = compiled()

    def press(epoch, logs=None):
        if epoch == 2:
            ctrl_c()

    with pytest.raises(KeyboardInterrupt):
        model.fit(
            X, Y, epochs=9, verbose=0, callbacks=[LambdaCallback(on_epoch_end=press)]
        )
    assert model.history.epoch == [0, 1, 2]
    assert len(model.history.history["loss"]) == 3
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            X, Y, epochs=9, verbose=0, callbacks=[LambdaCallback(on_epoch_begin=press)]
        )
    assert model.history.epoch == [0, 1]
    assert model.optimizer.iterations == 6  # one step of the third epoch


def test_the_best_weights_come_back():
    model, seen = compiled(), {}

    def worsen(epoch, logs):
        seen[epoch] = model.get_weights()
        logs["score"] = [3.0, 1.0, 2.0, 2.5][epoch]
        if epoch == 3:
            ctrl_c()

    stopping = EarlyStopping(
        monitor="score", mode="min", patience=9, restore_best_weights=True
    )
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            X,
            Y,
            epochs=9,
            verbose=0,
            callbacks=[LambdaCallback(on_epoch_end=worsen), stopping],
        )
    for one, other in zip(model.get_weights(), seen[1], strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(seen[1][0], seen[3][0])
    # And the model is as good as before.
    model.fit(X, Y, verbose=0)
    assert not model.interrupted


def test_a_second_ctrl_c_interrupts_at_once():
    model, press = compiled(), PressAt("on_train_batch_begin", (1,), presses=2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, batch_size=5, verbose=0, callbacks=[press])
    assert model.optimizer.iterations == press.pressed_at == 1
    assert press.ended


def test_ctrl_c_when_training_has_just_ended_is_not_lost():
    model = compiled()
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            X,
            Y,
            verbose=0,
            callbacks=[LambdaCallback(on_train_end=lambda logs: ctrl_c())],
        )
    assert model.history.epoch == [0]


def test_a_handler_of_the_users_own_is_left_in_place():
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append("mine"))
    try:
        compiled().fit(
            X,
            Y,
            verbose=0,
            callbacks=[LambdaCallback(on_epoch_end=lambda *_: ctrl_c())],
        )
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert heard == ["mine"]


def test_an_error_in_a_callback_puts_the_handler_back():
    def fail(epoch, logs):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        compiled().fit(X, Y, verbose=0, callbacks=[LambdaCallback(on_epoch_end=fail)])


def test_fit_works_in_another_thread():
    model, found = compiled(), []
    thread = threading.Thread(
        target=lambda: found.append(model.fit(X, Y, epochs=2, verbose=0).epoch)
    )
    thread.start()
    thread.join()
    assert found == [[0, 1]]


def test_fit_inside_of_fit_leaves_ctrl_c_to_the_outer_one():
    outer, inner = compiled(), compiled()

    def fit_inner(epoch, logs):
        inner.fit(X, Y, verbose=0, callbacks=[PressAt("on_train_batch_end", (0,))])

    with pytest.raises(KeyboardInterrupt):
        outer.fit(
            X,
            Y,
            epochs=5,
            verbose=0,
            callbacks=[LambdaCallback(on_epoch_end=fit_inner)],
        )
    assert inner.history.epoch == [0]
    assert outer.history.epoch == [0]


def test_deferred_by_hand():
    with DeferredInterrupt() as interrupt:
        interrupt.check()
        ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()
        interrupt.check()  # raised once, not again
    with pytest.raises(KeyboardInterrupt), DeferredInterrupt():
        ctrl_c()
    with pytest.raises(ValueError, match="mine"), DeferredInterrupt():
        ctrl_c()
        raise ValueError("mine")
