"""Batches from anything that yields them: the same training as with arrays."""

import gc
import itertools
import os
import signal
import threading
import time
import tracemalloc
import warnings

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers
from scratchnet.callbacks import (
    BackupAndRestore,
    Callback,
    LambdaCallback,
    progress_bar,
)
from scratchnet.utils import PyDataset
from tests.keras.golden import core_cases

IMAGES, LABELS, ONE_HOT = core_cases.data()  # 37 images, 5 classes
WEIGHTS = np.random.default_rng(1).random(len(IMAGES)).astype(np.float32)
SIZE = 8
STEPS = -(-len(IMAGES) // SIZE)


def model(open_=False):
    keras.utils.set_random_seed(3)
    made = keras.Sequential(
        [
            *([] if open_ else [keras.Input(IMAGES.shape[1:])]),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(9, "relu"),
            layers.Dense(5, "softmax"),
        ]
    )
    made.compile(
        "adam",
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=["accuracy"],
    )
    return made


def batches(*arrays, as_batch=tuple):
    for start in range(0, len(arrays[0]), SIZE):
        yield as_batch(array[start : start + SIZE] for array in arrays)


class Again:
    """Can be gone through again; nothing says how many batches it has."""

    def __init__(self, *arrays):
        self.arrays = arrays

    def __iter__(self):
        return batches(*self.arrays)


class Counted(Again):
    """A data loader: it has a length, and yields lists."""

    def __len__(self):
        return STEPS

    def __iter__(self):
        return batches(*self.arrays, as_batch=list)


class Tensor:
    """An array of another library, with a gradient."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def cpu(self):
        return self.array


class Frame:
    """A table, as pandas and xarray have them."""

    def __init__(self, array):
        self.array, self.shape = array, array.shape

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype)


class Tensors(Again):
    def __iter__(self):
        return batches(*self.arrays, as_batch=lambda parts: tuple(map(Tensor, parts)))


class Numbered(PyDataset):
    def __init__(self, *arrays, **settings):
        super().__init__(**settings)
        self.arrays, self.calls = arrays, []

    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        self.calls.append(index)
        rows = slice(index * SIZE, (index + 1) * SIZE)
        return tuple(array[rows] for array in self.arrays)

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


def forever(*arrays):
    while True:
        yield from batches(*arrays)


KINDS = {
    "again": Again,
    "counted lists": Counted,
    "tensors": Tensors,
    "numbered": Numbered,
    "numbered by three": lambda *arrays: Numbered(*arrays, workers=3),
    "a generator": forever,
    "a zip": lambda *arrays: zip(
        *(itertools.cycle([b[0] for b in batches(a)]) for a in arrays), strict=False
    ),
}


def threads_left():
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


def trained(made, *data, **settings):
    history = made.fit(*data, epochs=3, verbose=0, shuffle=False, **settings)
    return [history.history, *made.get_weights()]


def same(one, other):
    return one[0] == other[0] and all(map(np.array_equal, one[1:], other[1:]))


def kept(kind):
    """Return the arguments that say how long an epoch is, where nothing else does."""
    return {"steps_per_epoch": STEPS} if kind in ("a generator", "a zip") else {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("open_", "dtype"), [(False, "float32"), (True, "uint8"), (False, "float64")]
)
def test_training_is_that_of_the_arrays_to_the_bit(kind, open_, dtype):
    x = (IMAGES * 200 if dtype == "uint8" else IMAGES).astype(dtype)
    arrays = x, LABELS, WEIGHTS
    expected = trained(
        model(open_),
        *(x, LABELS, SIZE),
        sample_weight=WEIGHTS,
        validation_data=arrays,
    )
    steps = kept(kind)
    found = trained(
        model(open_),
        KINDS[kind](*arrays),
        validation_data=KINDS[kind](*arrays),
        validation_steps=steps.get("steps_per_epoch"),
        **steps,
    )
    assert same(found, expected)
    assert not threads_left()


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_and_prediction_are_those_of_the_arrays(kind):
    made, make = model(), KINDS[kind]
    steps = kept(kind).get("steps_per_epoch")
    expected = made.evaluate(IMAGES, LABELS, SIZE, verbose=0)
    data = make(IMAGES, LABELS)
    assert made.evaluate(data, steps=steps, verbose=0) == expected
    expected = made.predict(IMAGES, SIZE, verbose=0)
    for arrays in ((IMAGES,), (IMAGES, LABELS), (IMAGES, LABELS, WEIGHTS)):
        found = made.predict(make(*arrays), steps=steps, verbose=0)
        assert np.array_equal(found, expected)
    found = made.predict(make(IMAGES), steps=2, verbose=0)
    assert np.array_equal(found, expected[: 2 * SIZE])


def test_x_alone_may_come_without_a_tuple():
    made = model()
    expected = made.predict(IMAGES, verbose=0)
    found = made.predict(iter([IMAGES[:20], IMAGES[20:]]), verbose=0)
    assert np.array_equal(found, expected)


def test_batches_may_differ_in_size():
    cuts = [(0, 5), (5, 6), (6, 30), (30, 37)]
    data = [(IMAGES[a:b], LABELS[a:b]) for a, b in cuts]
    made = model()
    found = made.evaluate(iter(data), verbose=0)
    assert np.allclose(found, made.evaluate(IMAGES, LABELS, verbose=0), rtol=1e-6)
    weights = [made.get_weights() for made in (model(), model())]
    by_hand = model()
    for x, y in data:
        by_hand.train_on_batch(x, y)
    made = model()
    made.fit(iter(data), verbose=0)
    assert all(map(np.array_equal, made.get_weights(), by_hand.get_weights()))
    assert not all(map(np.array_equal, made.get_weights(), weights[0]))


# How long an epoch is.


class Listener(Callback):
    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_train_begin(self, logs=None):
        self.planned = self.params["steps"]

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append(0)

    def on_train_batch_end(self, batch, logs=None):
        assert batch == self.epochs[-1]
        self.epochs[-1] += 1


def lengths(data, **settings):
    listener, made = Listener(), model()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = made.fit(data, verbose=0, callbacks=[listener], **settings)
    messages = [str(one.message) for one in caught]
    assert all(one.filename == __file__ for one in caught)
    return listener.planned, listener.epochs, messages, len(history.epoch)


RAN_OUT = "fit: the input ran out of data after {} of {} steps"


@pytest.mark.parametrize("kind", [Again, Counted, Numbered])
def test_epochs_of_data_that_can_be_gone_through_again(kind):
    data = kind(IMAGES, LABELS)
    known = None if kind is Again else STEPS
    assert lengths(data, epochs=2) == (known, [5, 5], [], 2)
    assert lengths(data, epochs=2, steps_per_epoch=5) == (5, [5, 5], [], 2)
    found = lengths(data, epochs=3, steps_per_epoch=3)
    assert found == (3, [3, 2, 3], [RAN_OUT.format(2, 3)], 3)
    found = lengths(data, epochs=2, steps_per_epoch=9)
    assert found == (9, [5, 5], [RAN_OUT.format(5, 9)] * 2, 2)


def test_a_generator_that_ends_ends_the_training():
    left = "fit: the generator has no batch left"
    assert lengths(batches(IMAGES, LABELS), epochs=1) == (None, [5], [], 1)
    assert lengths(batches(IMAGES, LABELS), epochs=3) == (None, [5, 0], [left], 1)
    found = lengths(batches(IMAGES, LABELS), epochs=9, steps_per_epoch=3)
    assert found == (3, [3, 2, 0], [RAN_OUT.format(2, 3), left], 2)


def test_no_more_is_taken_from_a_generator_than_is_used():
    items = forever(IMAGES, LABELS, np.arange(len(IMAGES)))
    made = model()
    made.fit(items, steps_per_epoch=3, epochs=4, verbose=0)  # 12 batches of 5 a round
    assert next(items)[2][0] == 2 * SIZE
    made.evaluate(items, steps=2, verbose=0)
    assert next(items)[2][0] == 0


def test_a_pass_may_end_where_an_epoch_does():
    data = Again(IMAGES[:32], LABELS[:32])  # 4 batches, which nothing says
    assert lengths(data, epochs=4, steps_per_epoch=2) == (2, [2, 2, 2, 2], [], 4)


def test_data_without_an_end_wants_a_number_of_steps():
    class Infinite(Again):
        def cardinality(self):
            return np.int64(-1)

        def __iter__(self):
            return forever(*self.arrays)

    class Endless(Numbered):
        num_batches = None

        def __getitem__(self, index):
            return super().__getitem__(index % STEPS)

    for kind in Infinite, Endless:
        data = kind(IMAGES, LABELS)
        for method, argument in (
            ("fit", "steps_per_epoch"),
            ("evaluate", "steps"),
            ("predict", "steps"),
        ):
            message = f"{method}: expected {argument} for a {kind.__name__} without an"
            with pytest.raises(ValueError, match=message):
                getattr(model(), method)(data, verbose=0)
        with pytest.raises(ValueError, match="expected validation_steps for a"):
            model().fit(IMAGES, LABELS, validation_data=data, verbose=0)
        found = lengths(data, epochs=2, steps_per_epoch=7)
        assert found == (7, [7, 7], [], 2)


def test_a_generator_validates_once_unless_there_are_steps():
    with pytest.raises(ValueError, match="a generator can be gone through once, recei"):
        model().fit(
            *(IMAGES, LABELS),
            epochs=2,
            verbose=0,
            validation_data=batches(IMAGES, LABELS),
        )
    history = model().fit(
        *(IMAGES, LABELS),
        epochs=2,
        verbose=0,
        validation_data=batches(IMAGES, LABELS),
        validation_freq=2,
    )
    assert len(history.history["val_loss"]) == 1


# What a `PyDataset` hears, in which order.


def test_a_numbered_data_set_hears_of_epochs_as_in_keras():
    data = Numbered(IMAGES, LABELS)
    model().fit(data, epochs=2, verbose=0, shuffle=False)
    epoch = ["begin", 0, 1, 2, 3, 4, "end"]
    assert data.calls == ["end", *epoch, *epoch]
    data.calls.clear()
    model().evaluate(data, verbose=0)
    assert data.calls == ["end", *epoch]
    data.calls.clear()
    model().predict(data, verbose=0)
    assert data.calls == epoch


def test_a_numbered_data_set_is_shuffled_by_batches_anew_each_epoch():
    orders = []
    for workers in (1, 3):
        places = np.arange(len(IMAGES))
        data = Numbered(IMAGES, LABELS, places, workers=workers)
        seen = []
        made = model()
        step = made.train_step

        def listening(plan, batch, step=step, seen=seen):
            seen.append(int(batch.sample_weight[0]))
            step(plan, batch)

        made.train_step = listening
        made.fit(data, epochs=3, verbose=0)
        orders.append(seen)
    assert orders[0] == orders[1]
    epochs = [orders[0][i : i + STEPS] for i in range(0, 15, STEPS)]
    assert all(sorted(epoch) == list(range(0, 40, SIZE)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_settings_of_a_numbered_data_set():
    class Plain(PyDataset):
        def __init__(self):
            """Don't call the base's constructor."""

        def __getitem__(self, index):
            return IMAGES, LABELS

    assert (Plain().workers, Plain().max_queue_size) == (1, 10)
    with pytest.raises(NotImplementedError, match="Plain: write __len__"):
        model().fit(Plain(), verbose=0)
    with pytest.raises(
        NotImplementedError, match="use_multiprocessing=True is outside"
    ):
        Numbered(use_multiprocessing=True)
    data = Numbered()
    with pytest.raises(
        NotImplementedError, match="use_multiprocessing=True is outside"
    ):
        data.use_multiprocessing = True
    with pytest.raises(ValueError, match="for workers, received -1"):
        Numbered(workers=-1)
    assert keras.utils.Sequence is PyDataset


# What goes wrong.


def lost(index):
    def items():
        for i, batch in enumerate(batches(IMAGES, LABELS)):
            if i == index:
                raise OSError("the disk")
            yield batch

    return items()


@pytest.mark.parametrize("index", [0, 1, 4])
@pytest.mark.parametrize("open_", [False, True])
def test_errors_of_the_data_come_out_and_leave_no_thread(index, open_):
    made, steps = model(open_), []
    count = LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
    with pytest.raises(OSError, match="the disk") as error:
        made.fit(lost(index), verbose=0, callbacks=[count])
    assert error.traceback[-1].name == "items"
    assert steps == list(range(index))
    assert not threads_left()
    with pytest.raises(OSError, match="the disk"):
        made.predict(lost(index), verbose=0)


@pytest.mark.parametrize("kind", [Again, Numbered])
@pytest.mark.parametrize(
    "what",
    ["error", "interrupt", "stop_training", "stop_evaluating", "stop_predicting"],
)
def test_whatever_ends_it_no_thread_is_left(kind, what):
    made, data = model(), kind(IMAGES, LABELS)

    def stop(batch, logs):
        if what == "error":
            raise ZeroDivisionError
        if what == "interrupt":
            raise KeyboardInterrupt
        setattr(made, what, True)

    hook = {"stop_evaluating": "test", "stop_predicting": "predict"}.get(what, "train")
    method = {"test": "evaluate", "predict": "predict", "train": "fit"}[hook]
    seen = []
    callbacks = [
        LambdaCallback(**{f"on_{hook}_batch_end": stop}),
        LambdaCallback(**{f"on_{hook}_batch_begin": lambda b, logs: seen.append(b)}),
    ]
    ends = {"error": ZeroDivisionError, "interrupt": KeyboardInterrupt}
    if what in ends:
        with pytest.raises(ends[what]):
            made.fit(data, verbose=0, callbacks=callbacks)
    else:
        getattr(made, method)(data, verbose=0, callbacks=callbacks)
    assert seen == [0]
    assert not threads_left()


def test_ctrl_c_need_not_wait_for_a_batch():
    made, seen, trained = model(), [], threading.Event()

    def slow():
        yield X, Y
        trained.wait()
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.3)
        yield X, Y

    def count(batch, logs):
        seen.append(batch)
        trained.set()

    # A shell's background jobs, and what they start, don't hear of Ctrl-C otherwise.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            made.fit(
                slow(), verbose=0, callbacks=[LambdaCallback(on_train_batch_end=count)]
            )
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [0]
    assert made.interrupted
    assert not threads_left()


X, Y = IMAGES, LABELS
BAD = {
    "labels": ([(X, Y), (X, Y + 1)], r"batch 1: Sparse.*: expected labels 0 to 4, rec"),
    "shape": ([(X, Y), (X[:, :5], Y)], r"batch 1: expected x of shape \(N, "),
    "not finite": ([(X, Y), (X * np.nan, Y)], "batch 1: expected finite x in float32"),
    "lengths": ([(X, Y[1:])], "batch 0: expected as many targets as inputs"),
    "weights": ([(X, Y, Y[1:])], "batch 0: expected a finite sample_weight"),
    "no targets": ([X], "batch 0: expected targets y, received None"),
    "four": ([(X, Y, Y, Y)], r"batch 0: expected \(x,\), .* received a tuple of 4"),
    "text": ([("text", Y)], "batch 0: expected an array of numbers for x"),
    "single": ([(X[0], Y[0])], r"batch 0: expected x of shape .*; that is one sample"),
    "empty": ([], "expected at least one batch, received an empty list_iterator"),
    "an empty batch": ([(X[:0], Y[:0])], "batch 0: expected at least one sample in x"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_batches_are_named(kind):
    items, message = BAD[kind]
    for method in ("fit", "evaluate"):
        with pytest.raises((ValueError, TypeError), match=f"{method}: {message}"):
            getattr(model(), method)(iter(items), verbose=0)
    with pytest.raises((ValueError, TypeError), match=f"validation_data: {message}"):
        model().fit(X, Y, validation_data=iter(items), verbose=0)


def test_what_the_batches_bring_is_not_given_beside_them():
    data = Again(X, Y)
    for given in ({"y": Y}, {"sample_weight": WEIGHTS}):
        for method in ("fit", "evaluate"):
            with pytest.raises(
                ValueError, match=f"{method}: expected no .* beside a Ag"
            ):
                getattr(model(), method)(data, verbose=0, **given)
    with pytest.warns(UserWarning, match="fit: batch_size=7 has no effect: the batche"):
        model().fit(data, batch_size=7, verbose=0)
    with pytest.raises(TypeError, match=r"received <.*Again.*; fit, evaluate and pred"):
        model().train_on_batch(data, Y)
    with pytest.raises(
        TypeError, match=r"received <function forever.*; call it, to get a generator"
    ):
        model().fit(forever, verbose=0)

    class Samples:
        def __len__(self):
            return len(X)

        def __getitem__(self, index):
            raise AssertionError("is not read, one by one")

    with pytest.raises(TypeError, match="pass the arrays in it, a DataLoader of it"):
        model().fit(Samples(), verbose=0)


# Weights of classes, other libraries' arrays, lists and dictionaries of one.


def test_class_weights_are_those_of_the_arrays():
    weights = {0: 3.0, 4: 0.5}
    expected = trained(model(), X, Y, SIZE, class_weight=weights)
    assert same(trained(model(), Again(X, Y), class_weight=weights), expected)
    with pytest.raises(
        ValueError, match="batch 0: expected class_weight or sample_wei"
    ):
        model().fit(Again(X, Y, WEIGHTS), class_weight=weights, verbose=0)


def test_inputs_may_be_alone_in_a_list_or_a_dictionary():
    made = model()
    expected = made.predict(X, verbose=0)
    name = made.sources[0].name
    for x in ([X], (X,), {name: X}, Tensor(X), Frame(X), [Frame(X)]):
        assert np.array_equal(made.predict(x, verbose=0), expected)
    loss = made.evaluate(X, Y, verbose=0)
    for x, y in (([X], [Y]), ({name: X}, {"classes": Y}), (Tensor(X), Frame(Y))):
        assert made.evaluate(x, y, verbose=0) == loss
        assert made.test_on_batch(x, y) == made.test_on_batch(X, Y)
    assert np.array_equal(made.predict(Again([X[:SIZE]]), verbose=0)[0], expected[0])
    with pytest.raises(
        ValueError, match=r"expected inputs by the names \['input_layer"
    ):
        made.predict({"images": X}, verbose=0)


def test_steps_cut_arrays_into_as_many_batches():
    made, sizes = model(), []
    listener = LambdaCallback(
        on_predict_batch_end=lambda batch, logs: sizes.append(len(logs["outputs"]))
    )
    made.predict(X, steps=3, verbose=0, callbacks=[listener])
    assert sizes == [13, 13, 11]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(made.fit(X, Y, steps_per_epoch=3, epochs=2, verbose=0).epoch) == 2


# Beside the training.


def test_memory_is_flat():
    def images(count):
        for _ in range(count):
            yield np.zeros((64, 32, 32, 3), np.uint8), np.zeros(64, np.int64)

    made = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.GlobalAveragePooling2D(), layers.Dense(2)]
    )
    made.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    made.fit(images(3), verbose=0)
    peaks = []
    for count in (10, 60):
        gc.collect()
        tracemalloc.start()
        made.fit(images(count), verbose=0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 64 * 32 * 32 * 3


def test_an_interrupted_training_goes_on(tmp_path):
    """Epochs of 3 steps: the second starts in the midst of a pass, shuffled."""

    def run(made, folder, stop=None):
        def interrupt(epoch, logs):
            if epoch == stop:
                raise KeyboardInterrupt

        made.fit(
            Numbered(X, Y, WEIGHTS),
            epochs=4,
            steps_per_epoch=3,
            verbose=0,
            callbacks=[
                BackupAndRestore(folder),
                LambdaCallback(on_epoch_begin=interrupt),
            ],
        )
        return made

    warnings.filterwarnings("ignore", "fit: the input ran out of data after 2 of 3")
    expected = run(model(), tmp_path / "whole")
    for stop in (1, 2, 3):
        with pytest.raises(KeyboardInterrupt):
            run(model(), tmp_path / "cut", stop)
        keras.utils.set_random_seed(99)
        found = run(model(), tmp_path / "cut")
        assert found.history.history == expected.history.history
        assert all(map(np.array_equal, found.get_weights(), expected.get_weights()))


def test_the_bar_counts_where_nothing_says_how_many_there_are(capsys, monkeypatch):
    monkeypatch.setattr(progress_bar, "SECONDS_BETWEEN_REFRESHES", 0)
    model().fit(Again(X, Y), epochs=2)
    first, second = capsys.readouterr().out.split("Epoch 2/2")
    assert "1/Unknown" in first
    assert "5/5" in first
    assert "Unknown" not in second
    model().fit(Again(X, Y), verbose=2)
    assert "5/5 - " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("fit_generator", "call fit, which takes the generator"),
        ("evaluate_generator", "call evaluate, which"),
        ("predict_generator", "call predict, which"),
        ("predict_classes", r"write predict\(x\).argmax\(axis=-1\)"),
        ("predict_proba", "call predict"),
    ],
)
def test_older_names_are_told_the_new_ones(name, instead):
    with pytest.raises(AttributeError, match=f"'{name}' is of older Keras; {instead}"):
        getattr(model(), name)
