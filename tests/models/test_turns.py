"""One model, several threads: the results of one thread, or an error that says why."""

import copy
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers
from scratchnet.callbacks import LambdaCallback

RNG = np.random.default_rng(0)
X, Y = RNG.random((60, 8, 8, 1), np.float32), np.arange(60) % 3


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    made = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def test_what_does_not_train_waits_for_its_turn(model):
    batches = [slice(start, start + 20) for start in (0, 20, 40)] * 12
    calls = (
        lambda one: model.evaluate(X[one], Y[one], batch_size=7, verbose=0),
        lambda one: model.predict(X[one], batch_size=7, verbose=0).tolist(),
        lambda one: model.test_on_batch(X[one], Y[one]),
        lambda one: model(X[one]).numpy().tolist(),
    )
    alone = [[call(one) for call in calls] for one in batches]
    with ThreadPoolExecutor(4) as threads:
        tasks = [[threads.submit(call, one) for call in calls] for one in batches]
        assert [[task.result() for task in row] for row in tasks] == alone


def test_beside_a_training_other_threads_are_refused(model):
    other = copy.deepcopy(model)
    alone = other.fit(X, Y, epochs=2, verbose=0, shuffle=False).history
    errors = []

    def intrude():
        for call in (
            lambda: model.evaluate(X, Y, verbose=0),
            lambda: model.fit(X, Y, verbose=0),
            lambda: model(X),
        ):
            with pytest.raises(RuntimeError, match="another thread is in fit") as found:
                call()
            errors.append(str(found.value))
        other.predict(X, verbose=0)  # another model, at the same time

    def start_a_thread(batch, logs):
        if not errors:
            thread = threading.Thread(target=intrude)
            thread.start()
            thread.join()
        model.predict(X[:3], verbose=0)  # a callback's own thread may

    callback = LambdaCallback(on_train_batch_end=start_a_thread)
    found = model.fit(
        X, Y, epochs=2, verbose=0, shuffle=False, callbacks=[callback]
    ).history
    assert len(errors) == 3 and errors[0].startswith("evaluate: ")
    assert found == alone
    assert model.evaluate(X, Y, verbose=0) == other.evaluate(X, Y, verbose=0)


def test_a_call_that_failed_gives_its_turn_back(model):
    with pytest.raises(ValueError, match="expected x"):
        model.fit(X[:, :5], Y, verbose=0)
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(model.predict, X, verbose=0).result().shape == (60, 3)
    assert pickle.loads(pickle.dumps(model)).predict(X, verbose=0).shape == (60, 3)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore")
def test_a_child_does_not_wait_for_the_parents_threads(model):
    expected = model.predict(X, verbose=0)

    def fork_within(batch, logs):
        child = os.fork()
        if child == 0:
            ok = False
            try:  # in a thread that the parent's turn does not belong to
                with ThreadPoolExecutor(1) as thread:
                    task = thread.submit(model.predict, X, verbose=0)
                    ok = task.result(60).shape == expected.shape
            finally:
                os._exit(0 if ok else 1)
        assert os.waitpid(child, 0)[1] == 0
        model.stop_training = True

    callback = LambdaCallback(on_train_batch_end=fork_within)
    model.fit(X, Y, verbose=0, callbacks=[callback])
