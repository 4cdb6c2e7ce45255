"""The training loop: Keras's numbers, and what fit and predict leave alone."""

import os
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers
from scratchnet.callbacks import Callback, CallbackList, EarlyStopping, LambdaCallback
from tests.keras.golden import compare, core_cases

IMAGES, LABELS, ONE_HOT = core_cases.data()

# Terms of the longest sums, and steps, of a case.
MLP, CNN = 128, 8 * 36  # inputs of a dense layer; positions of a convolution in a batch
CASES = {
    "inputs": (0, 0),
    "curve_cnn": (CNN, 50),
    "curve_class_weight": (CNN, 50),
    "fit_mlp": (MLP, 15),
    "fit_cnn": (CNN, 15),
    "fit_sparse": (MLP, 15),
    "fit_sparse_column_and_logits": (MLP, 15),
    "fit_label_smoothing": (MLP, 15),
    "fit_mean_squared_error": (MLP, 15),
    "fit_class_weight": (MLP, 15),
    "fit_class_weight_one_hot": (MLP, 15),
    "fit_sample_weight": (MLP, 15),
    "fit_validation_split": (MLP, 12),
    "fit_validation_freq": (MLP, 25),
    "fit_validation_epochs_and_steps": (MLP, 20),
    "fit_steps_per_epoch": (MLP, 5),
    "fit_initial_epoch": (MLP, 10),
    "fit_frozen": (CNN, 15),
    "fit_metric_names": (MLP, 5),
    "evaluate_order": (MLP, 1),
    "calls": (CNN, 4),
}


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_of_keras(case):
    terms, steps = CASES[case]
    compare.assert_agree(case, compare.rounding(terms, steps))


def test_ten_epochs_of_adam_are_those_of_keras():
    compare.assert_agree("curve_adam", 50 * 0.002 * 2e-5 + compare.rounding(MLP, 50))


def test_adam_goes_on_as_in_keras():
    # 15 steps of at most lr, of which 2·10⁻⁵ is left to the powers of β (see
    # `test_optimizers`); a small gradient's rounding error is as large as the rest.
    compare.assert_agree("fit_twice", 15 * 0.01 * 2e-5 + compare.rounding(MLP, 15))


def mlp(**compiled):
    return core_cases.mlp(keras, **compiled)


def cnn(rate=0.25, **compiled):
    return core_cases.cnn(keras, rate, **compiled)


def state(model):
    """Return copies of everything that training changes."""
    arrays = model.get_weights()
    for layer in model.layers:
        arrays += [buffer.copy() for buffer in layer.buffers.values()]
    return [*arrays, *model.optimizer.get_state().values()]


def same(one, other):
    return len(one) == len(other) and all(map(np.array_equal, one, other))


# What goes in.


@pytest.mark.parametrize(
    "kind",
    ["uint8", "float64", "memory map", "list", "Fortran order", "not contiguous"],
)
@pytest.mark.parametrize("shuffle", [False, True])
def test_every_kind_of_input_trains_the_same_model(tmp_path, kind, shuffle):
    pixels = np.random.default_rng(0).integers(0, 256, IMAGES.shape, np.uint8)
    file = np.memmap(tmp_path / "x", np.uint8, "w+", shape=pixels.shape)
    file[...] = pixels
    file.flush()
    double = np.repeat(pixels, 2, axis=0)
    given = {
        "uint8": pixels,
        "float64": pixels.astype(np.float64),
        "memory map": np.memmap(tmp_path / "x", np.uint8, "r", shape=pixels.shape),
        "list": pixels.tolist(),
        "Fortran order": np.asfortranarray(pixels),
        "not contiguous": double[::2],
    }[kind]
    results = []
    for x in (pixels.astype(np.float32), given):
        keras.utils.set_random_seed(1)
        model = mlp()
        history = model.fit(x, ONE_HOT, 8, epochs=2, verbose=0, shuffle=shuffle)
        evaluated = model.evaluate(x, ONE_HOT, verbose=0)
        predicted = model.predict(x, verbose=0)
        results.append([*model.get_weights(), evaluated, predicted, history.history])
    assert same(results[0][:-1], results[1][:-1])
    assert results[0][-1] == results[1][-1]


def test_fit_leaves_its_inputs_as_they_were():
    x, y, weights = IMAGES.copy(), ONE_HOT.copy(), np.ones(len(IMAGES))
    for array in (x, y, weights):
        array.setflags(write=False)
    mlp().fit(x, y, sample_weight=weights, validation_split=0.2, verbose=0)
    assert np.array_equal(x, IMAGES)


def test_training_on_a_memory_map_copies_no_more_than_batches(tmp_path):
    shape = (3000, 32, 32)  # 3 MB as uint8, 12 MB in float32
    x = np.memmap(tmp_path / "x", np.uint8, "w+", shape=shape)
    y = np.zeros((len(x), 2), np.float32)
    model = keras.Sequential(
        [keras.Input(shape[1:]), layers.Flatten(), layers.Dense(2)]
    )
    model.compile("sgd", "mse")
    settings = {"batch_size": 50, "verbose": 0, "validation_split": 0.1}
    model.fit(x[:100], y[:100], **settings)  # compiles
    tracemalloc.start()
    model.fit(x, y, **settings)
    model.evaluate(x, y, batch_size=50, verbose=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A batch is 0.2 MB in float32; there are those of training, validation and the
    # first look, and one input gradient.
    assert peak < 1.5e6


# What comes out.


def test_results_are_never_overwritten():
    model = cnn()
    predicted, weights = model.predict(IMAGES, verbose=0), model.get_weights()
    called = model(IMAGES[:4])
    on_batch = model.predict_on_batch(IMAGES[:4])
    history = model.fit(IMAGES, ONE_HOT, verbose=0, epochs=1)
    kept = [array.copy() for array in (predicted, called, on_batch, *weights)]
    first = {name: list(values) for name, values in history.history.items()}
    model.fit(IMAGES + 1, ONE_HOT, verbose=0, epochs=2)
    model.predict(IMAGES + 1, verbose=0)
    model(IMAGES[:4] + 1)
    assert same([predicted, called, on_batch, *weights], kept)
    assert history.history == first
    for array in model.get_weights():
        array += 1  # a copy: the model doesn't see it
    assert not same(model.get_weights(), [w + 1 for w in model.get_weights()])


def test_evaluation_and_prediction_change_nothing():
    model = cnn()
    model.fit(IMAGES, ONE_HOT, verbose=0)
    before = state(model)
    first = model.evaluate(IMAGES, ONE_HOT, verbose=0)
    model.predict(IMAGES, verbose=0)
    model.test_on_batch(IMAGES, ONE_HOT)
    assert model.evaluate(IMAGES, ONE_HOT, verbose=0) == first
    assert same(state(model), before)


def test_validation_is_an_evaluation_after_the_epoch():
    model = cnn()
    results = []
    model.fit(
        IMAGES,
        ONE_HOT,
        epochs=3,
        batch_size=8,
        verbose=0,
        validation_data=(IMAGES[:20], ONE_HOT[:20]),
        callbacks=[
            LambdaCallback(
                on_epoch_end=lambda epoch, logs: results.append(
                    (
                        [logs["val_loss"], logs["val_accuracy"]],
                        model.evaluate(IMAGES[:20], ONE_HOT[:20], 8, verbose=0),
                    )
                )
            )
        ],
    )
    assert len(results) == 3
    assert all(logged == evaluated for logged, evaluated in results)


def test_predictions_do_not_depend_on_the_batch_size():
    model = cnn()
    whole = model.predict(IMAGES, batch_size=64, verbose=0)
    for size in (1, 7, 37):
        found = model.predict(IMAGES, batch_size=size, verbose=0)
        # Small products may be summed in another order, 54 terms at most.
        np.testing.assert_allclose(found, whole, rtol=compare.rounding(54, 4))
    assert np.array_equal(
        model.predict(IMAGES, batch_size=9, steps=2, verbose=0).shape, (18, 5)
    )


def test_four_threads_predict_what_one_does():
    model = cnn()
    parts = [IMAGES + 0.1 * i for i in range(4)]
    expected = [model.predict(part, batch_size=8, verbose=0) for part in parts]
    found = [[] for _ in parts]

    def work(i):
        for _ in range(10):
            found[i].append(model.predict(parts[i], batch_size=8, verbose=0))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for results, one in zip(found, expected, strict=True):
        assert len(results) == 10
        assert all(np.array_equal(result, one) for result in results)


class Curious(Callback):
    """Uses the model in the middle of training, in every way that leaves it alone."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_begin(self, batch, logs=None):
        self.look()

    def on_train_batch_end(self, batch, logs=None):
        self.look()

    def on_epoch_end(self, epoch, logs=None):
        self.look()

    def on_test_batch_end(self, batch, logs=None):
        self.seen.append(self.model.layers[0](IMAGES[:8]))

    def look(self):
        model = self.model
        model.predict(IMAGES[:30], batch_size=5, verbose=0)
        model(IMAGES[:8])
        self.seen.append(model.layers[0](IMAGES[:8]))
        keras.losses.CategoricalCrossentropy()(ONE_HOT[:8], ONE_HOT[:8])


def test_a_look_at_the_model_from_a_callback_disturbs_nothing():
    results = []
    for callbacks in ([], [Curious()]):
        keras.utils.set_random_seed(2)
        model = cnn(optimizer="adam")
        kept = []
        if callbacks:
            kept = callbacks[0].seen
        history = model.fit(
            IMAGES,
            ONE_HOT,
            batch_size=8,
            epochs=2,
            verbose=0,
            callbacks=callbacks,
            validation_data=(IMAGES[:9], ONE_HOT[:9]),
        )
        results.append((state(model), history.history))
    assert same(results[0][0], results[1][0])
    assert results[0][1] == results[1][1]
    # What a layer returned then is no part of the training step's memory.
    for i, array in enumerate(kept):
        assert not any(np.shares_memory(array, other) for other in kept[:i])
    copies = [array.copy() for array in kept]
    model.fit(IMAGES, ONE_HOT, batch_size=8, verbose=0)
    assert same(kept, copies)


def test_training_on_other_data_in_a_callback_leaves_the_batch_as_it_is():
    x = np.random.default_rng(0).integers(0, 9, (8, 3))  # cast into the step's memory

    def train_on_zeros(batch, logs=None):
        model.optimizer.learning_rate = 0.0
        model.train_on_batch(np.zeros_like(x), x[:, :2])
        model.optimizer.learning_rate = 0.1

    weights = []
    for callbacks in ([], [LambdaCallback(on_train_batch_begin=train_on_zeros)]):
        keras.utils.set_random_seed(2)
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.fit(x, x[:, :2], batch_size=4, verbose=0, callbacks=callbacks)
        weights.append(model.get_weights())
    assert same(*weights)


def test_metrics_may_keep_what_they_are_given():
    class Keeps(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="keeps")
            self.kept = []

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.kept.append(y_pred)

        def result(self):
            return 0.0

        def reset_state(self):
            self.kept = []

    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    metric = Keeps()
    model.compile("sgd", "mse", metrics=[metric])
    x = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
    model.evaluate(x, x[:, :2], batch_size=4, verbose=0)
    np.testing.assert_array_equal(
        np.concatenate(metric.kept), model.predict(x, batch_size=4, verbose=0)
    )


# Reproducibility.


def trained(rate=0.25, seed=7):
    keras.utils.set_random_seed(seed)
    made = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            *([] if rate is None else [layers.Dropout(rate)]),
            layers.Flatten(),
            layers.Dense(5, activation="softmax"),
        ]
    )
    start = made.get_weights()
    made.compile("adam", "categorical_crossentropy")
    order = []
    step = made.train_step
    made.train_step = lambda plan, batch: (
        order.append(batch.y.copy()),
        step(plan, batch),
    )
    made.fit(IMAGES, ONE_HOT, batch_size=8, epochs=2, verbose=0)
    return start, order, made.get_weights()


def test_a_seed_gives_the_same_bits_twice():
    first, second = trained(), trained()
    for one, other in zip(first, second, strict=True):
        assert same(one, other)


def test_initialisation_shuffling_and_dropout_do_not_depend_on_each_other():
    # Of more than one seed, because a permutation may throw its first number away.
    for seed in (7, 8, 9):
        without = trained(None, seed)
        for other in (trained(0.25, seed), trained(0.5, seed)):
            assert same(without[0], other[0])
            assert same(without[1], other[1])
            assert not same(without[2], other[2])


THREADS = """
import hashlib, sys
import numpy as np
import scratchnet as keras
from scratchnet import kernels, layers
kernels.set_rung(sys.argv[1])
keras.utils.set_random_seed(3)
model = keras.Sequential([
    keras.Input((18, 18, 3)),
    layers.Conv2D(16, 3, activation="relu"),
    layers.BatchNormalization(),
    layers.MaxPooling2D(),
    layers.Dropout(0.3),
    layers.Flatten(),
    layers.Dense(40, activation="relu"),
    layers.Dense(7, activation="softmax"),
])
model.compile("adam", "categorical_crossentropy")
rng = np.random.default_rng(0)
x, y = rng.random((70, 18, 18, 3)), np.eye(7)[rng.integers(0, 7, 70)]
history = model.fit(x, y, epochs=2, verbose=0)
digest = hashlib.sha256(repr(history.history).encode())
for array in (*model.get_weights(), model.predict(x, verbose=0)):
    digest.update(array.tobytes())
print(digest.hexdigest())
"""


@pytest.mark.parametrize("rung", ["loops", "direct"])
def test_bits_do_not_depend_on_the_number_of_threads(rung):
    # 32 images of 16·16 positions and 16 channels: more than a kernel leaves to one
    # thread, and more threads than there may be processors.
    found = set()
    for threads in ("1", "2", "4"):
        ran = subprocess.run(
            [sys.executable, "-c", THREADS, rung],
            env={**os.environ, "NUMBA_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert ran.returncode == 0, ran.stderr
        found.add(ran.stdout.split()[-1])
    assert len(found) == 1


# The loop.


class Listener(Callback):
    """Notes every event, and the names in the logs."""

    def __init__(self):
        super().__init__()
        self.events = []


def _listen(event):
    numbered = "epoch" in event or "batch" in event

    def note_number(self, number, logs=None):
        self.events.append((event, number, sorted(logs or {})))

    def note(self, logs=None):
        self.events.append((event, sorted(logs or {})))

    return note_number if numbered else note


for _event in (
    "train_begin train_end epoch_begin epoch_end train_batch_begin train_batch_end "
    "test_begin test_end test_batch_begin test_batch_end predict_begin predict_end "
    "predict_batch_begin predict_batch_end"
).split():
    setattr(Listener, f"on_{_event}", _listen(_event))


def test_events_come_in_keras_order():
    listener, named = Listener(), ["accuracy", "loss"]
    valued = [*named, "val_accuracy", "val_loss"]
    mlp().fit(
        IMAGES[:10],
        ONE_HOT[:10],
        batch_size=8,
        verbose=0,
        callbacks=[listener],
        validation_data=(IMAGES[:3], ONE_HOT[:3]),
    )
    assert listener.events == [
        ("train_begin", []),
        ("epoch_begin", 0, []),
        ("train_batch_begin", 0, []),
        ("train_batch_end", 0, named),
        ("train_batch_begin", 1, []),
        ("train_batch_end", 1, named),
        ("test_begin", []),
        ("test_batch_begin", 0, []),
        ("test_batch_end", 0, named),
        ("test_end", named),
        ("epoch_end", 0, valued),
        ("train_end", valued),
    ]


def test_predict_hands_its_outputs_to_callbacks():
    model, outputs = mlp(), []
    result = model.predict(
        IMAGES[:10],
        batch_size=8,
        verbose=0,
        callbacks=[
            LambdaCallback(
                on_predict_batch_end=lambda batch, logs: outputs.append(logs["outputs"])
            )
        ],
    )
    assert np.array_equal(np.concatenate(outputs), result)


def test_stop_training_ends_after_the_batch_and_the_validation():
    def stop(batch, logs):
        model.stop_training = batch == 1

    model = mlp()
    history = model.fit(
        IMAGES,
        ONE_HOT,
        batch_size=8,
        epochs=5,
        verbose=0,
        validation_data=(IMAGES, ONE_HOT),
        callbacks=[LambdaCallback(on_train_batch_end=stop)],
    )
    assert history.epoch == [0]
    assert "val_loss" in history.history
    assert model.optimizer.iterations == 2
    model.fit(IMAGES, ONE_HOT, batch_size=8, verbose=0)
    assert model.optimizer.iterations == 7


def test_logs_are_running_means_of_python_floats():
    seen = []
    model = mlp()
    history = model.fit(
        IMAGES,
        ONE_HOT,
        batch_size=8,
        shuffle=False,
        verbose=0,
        callbacks=[
            LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs))
        ],
    )
    assert len(seen) == 5
    assert all(type(value) is float for logs in seen for value in logs.values())
    assert history.history["loss"] == [seen[-1]["loss"]]
    # The first value is the first batch's, measured before its update.
    assert seen[0]["loss"] == mlp().test_on_batch(IMAGES[:8], ONE_HOT[:8])[0]


@pytest.mark.parametrize("settings", [{"epochs": 0}, {"epochs": 2, "initial_epoch": 2}])
def test_no_epochs_leave_an_empty_history(settings):
    model = mlp()
    before = state(model)
    history = model.fit(IMAGES, ONE_HOT, verbose=0, **settings)
    assert (history.epoch, history.history) == ([], {})
    assert same(state(model), before)


def test_history_belongs_to_one_fit():
    model = mlp()
    first = model.fit(IMAGES, ONE_HOT, verbose=0, epochs=2)
    second = model.fit(IMAGES, ONE_HOT, verbose=0, epochs=4, initial_epoch=2)
    assert first.epoch == [0, 1]
    assert second.epoch == [2, 3]
    assert model.history is second


@pytest.mark.parametrize("with_model", [False, True])
def test_a_list_of_callbacks_made_by_hand_gets_a_history(with_model):
    model = mlp()
    first = model.fit(IMAGES, ONE_HOT, verbose=0)
    stopping = EarlyStopping(monitor="loss", patience=0)
    members = CallbackList([stopping], model=model if with_model else None)
    history = model.fit(IMAGES, ONE_HOT, epochs=2, callbacks=members)
    assert history is model.history is members.history
    assert history is not first
    assert history.epoch == [0, 1]
    assert stopping.model is model
    assert stopping.params == {"verbose": 1, "epochs": 2, "steps": 2}
    again = model.fit(IMAGES, ONE_HOT, callbacks=members)
    assert again is history and len(history.history["loss"]) == 3


def test_no_validation_split_is_none_too():
    history = mlp().fit(IMAGES, ONE_HOT, validation_split=None, verbose=0)
    assert set(history.history) == {"accuracy", "loss"}


def test_steps_by_hand_do_what_fit_does():
    first, second = mlp(), mlp()
    first.fit(IMAGES, ONE_HOT, batch_size=8, shuffle=False, verbose=0)
    for start in range(0, len(IMAGES), 8):
        part = slice(start, start + 8)
        second.train_on_batch(IMAGES[part], ONE_HOT[part])
    assert same(state(first), state(second))


def test_weights_of_zero_take_samples_out_of_the_gradient():
    first, second = mlp(), mlp()
    weights = np.array([1] * 20 + [0] * 17)
    first.train_on_batch(IMAGES, ONE_HOT, sample_weight=weights)
    # The mean is still over all 37 samples.
    second.train_on_batch(IMAGES[:20], ONE_HOT[:20], sample_weight=np.full(20, 20 / 37))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=compare.rounding(MLP))


def test_a_loss_that_runs_away_is_reported_as_it_is():
    model = mlp(optimizer=keras.optimizers.SGD(1e30), loss="mse")
    model.layers[-1].activation = keras.activations.linear
    history = model.fit(IMAGES, ONE_HOT, epochs=3, verbose=0).history["loss"]
    assert not np.isfinite(history[-1])


def test_a_name_given_twice_is_numbered():
    model = mlp(metrics=["acc", "acc", "acc"], weighted_metrics=["acc", "acc"])
    names = list(model.evaluate(IMAGES, ONE_HOT, verbose=0, return_dict=True))
    assert names == ["acc", "acc_1", "acc_2", "loss", "weighted_acc", "weighted_acc_1"]


def test_more_steps_than_batches_are_announced():
    model = mlp()
    with pytest.warns(UserWarning, match="evaluate: .* ran out of data after 5 of 9"):
        found = model.evaluate(IMAGES, ONE_HOT, batch_size=8, steps=9, verbose=0)
    assert found == model.evaluate(IMAGES, ONE_HOT, batch_size=8, verbose=0)
    with pytest.warns(UserWarning, match="predict: .* ran out of data after 8 of 9"):
        assert model.predict(IMAGES, verbose=0, steps=9).shape == (37, 5)
    with pytest.warns(UserWarning, match="fit: validation_data: .* after 8 of 9"):
        model.fit(
            IMAGES,
            ONE_HOT,
            verbose=0,
            validation_data=(IMAGES, ONE_HOT),
            validation_steps=9,
        )


@pytest.mark.parametrize("verbose", ["auto", 0, 1, 2])
def test_verbose_decides_what_is_shown(capsys, verbose):
    model = mlp()
    model.fit(IMAGES, ONE_HOT, epochs=2, verbose=verbose)
    model.evaluate(IMAGES, ONE_HOT, verbose=verbose)
    model.predict(IMAGES, verbose=verbose)
    shown = capsys.readouterr().out
    if verbose == 0:
        assert shown == ""
        return
    assert "Epoch 2/2" in shown
    assert "accuracy: " in shown
    assert shown.count("\n") >= 4


def test_training_that_can_teach_nothing_is_said():
    x, y = np.ones((6, 2), np.float32), np.arange(6) % 3
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for weights in ({0: 1.0, 7: 2.0, 1: 1.0}, {1: 1.0, 2: 1.0, 3: 2.0}):
        missing = max(weights)
        with pytest.warns(UserWarning, match=rf"fit: class_weight .* \[{missing}\]"):
            model.fit(x, y, class_weight=weights, verbose=0)
    for wrong in (-1, 0.5):
        with pytest.raises(ValueError, match="class_weight of integers from 0"):
            model.fit(x, y, class_weight={wrong: 2.0}, verbose=0)
    for last in (
        [keras.layers.Dense(1, "softmax")],
        [keras.layers.Dense(1), keras.layers.Softmax()],
    ):
        model = keras.Sequential([keras.Input((2,)), *last])
        model.compile("sgd", "mse")
        with pytest.warns(UserWarning, match="softmax of one number is always 1"):
            model.fit(x, y, verbose=0)
