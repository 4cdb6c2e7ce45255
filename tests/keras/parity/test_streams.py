"""Batches from tf.data, generators, `PyDataset` and data loaders, beside Keras's `fit`.

    python -m pytest tests/keras/parity/test_streams.py

Both libraries are given the same source. Compared are the histories, the numbers of
steps, in which order a `PyDataset` is asked, and whether there is a warning.
"""

import itertools
import warnings

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")
pytest.importorskip("torch", reason="needs PyTorch: the extra `reference`")

import keras
import tensorflow as tf
import torch

import scratchnet

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

RNG = np.random.default_rng(0)
X = RNG.random((22, 3, 4)).astype(np.float32)  # 6 batches of 4, the last one of 2
Y = RNG.integers(0, 3, 22)
W = RNG.random(22).astype(np.float32)
SIZE, BATCHES = 4, 6
INITIAL = [RNG.standard_normal((12, 3)).astype(np.float32), np.zeros(3, np.float32)]


def tensors(*arrays):
    return tf.data.Dataset.from_tensor_slices(arrays).batch(SIZE)


def batches(*arrays):
    for start in range(0, len(arrays[0]), SIZE):
        yield tuple(array[start : start + SIZE] for array in arrays)


def unknown(*arrays):
    """A tf.data set that can't say how long it is."""
    return tensors(*arrays).filter(lambda *_: True)


def forever(*arrays):
    return itertools.chain.from_iterable(batches(*arrays) for _ in itertools.count())


def generator(*arrays):
    return (batch for batch in forever(*arrays))


def loader(*arrays):
    whole = torch.utils.data.TensorDataset(*map(torch.tensor, arrays))
    return torch.utils.data.DataLoader(whole, batch_size=SIZE)


def numbered(library, *arrays, **settings):
    class Numbered(library.utils.PyDataset):
        def __init__(self):
            super().__init__(**settings)
            self.calls = []

        def __len__(self):
            return BATCHES

        def __getitem__(self, index):
            self.calls.append(index)
            return next(itertools.islice(batches(*arrays), index, None))

        def on_epoch_begin(self):
            self.calls.append("begin")

        def on_epoch_end(self):
            self.calls.append("end")

    return Numbered()


def steps_of(library, record):
    return library.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: record.append(0),
        on_train_batch_end=lambda batch, logs: record.append(record.pop() + 1),
    )


def model(library, **compiled):
    made = library.Sequential(
        [
            library.Input((3, 4)),
            library.layers.Flatten(),
            library.layers.Dense(3, activation="softmax"),
        ]
    )
    made.set_weights(INITIAL)
    made.compile(
        library.optimizers.SGD(0.1),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **compiled,
    )
    return made


def both(source, method="fit", **settings):
    """Return what a method gives in both libraries, with steps and warnings."""
    found = []
    for library in scratchnet, keras:
        made, record = model(library), []
        given = {k: v(library) if callable(v) else v for k, v in settings.items()}
        if method == "fit":
            given |= {"shuffle": False, "callbacks": [steps_of(library, record)]}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            result = getattr(made, method)(source(library), verbose=0, **given)
        ran_out = sum("ran out of data" in str(one.message) for one in caught)
        found.append((getattr(result, "history", result), record, ran_out))
    return found


def assert_agree(ours, theirs):
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for name in theirs:
            np.testing.assert_allclose(ours[name], theirs[name], rtol=2e-5)
    else:
        np.testing.assert_allclose(ours, theirs, rtol=2e-5)


SOURCES = {
    "tf.data": (lambda _, *arrays: tensors(*arrays), {}),
    "tf.data, repeated": (
        lambda _, *arrays: tensors(*arrays).repeat(),
        {"steps_per_epoch": 4},
    ),
    "tf.data, some steps": (
        lambda _, *arrays: tensors(*arrays),
        {"steps_per_epoch": 4},
    ),
    "tf.data, too many steps": (
        lambda _, *arrays: tensors(*arrays),
        {"steps_per_epoch": 9},
    ),
    "tf.data, unknown, some steps": (
        lambda _, *arrays: unknown(*arrays),
        {"steps_per_epoch": 4},
    ),
    "a generator": (lambda _, *arrays: generator(*arrays), {"steps_per_epoch": 4}),
    "a generator that ends early": (
        lambda _, *arrays: batches(*arrays),
        {"steps_per_epoch": 9, "epochs": 1},
    ),
    "PyDataset": (numbered, {}),
    "PyDataset, three workers": (
        lambda *given: numbered(*given, workers=3),
        {"steps_per_epoch": 4},
    ),
    "PyDataset, too many steps": (numbered, {"steps_per_epoch": 9}),
    "DataLoader": (lambda _, *arrays: loader(*arrays), {}),
}


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("arrays", [(X, Y), (X, Y, W)], ids=["two", "three"])
def test_training(kind, arrays):
    source, settings = SOURCES[kind]
    settings = {"epochs": 3, **settings}
    ours, theirs = both(lambda library: source(library, *arrays), **settings)
    assert_agree(ours[0], theirs[0])
    assert ours[1:] == theirs[1:]


def test_a_pass_whose_length_is_not_known():
    """Keras warns at the end of each such pass, where nothing is amiss."""
    ours, theirs = both(lambda _: unknown(X, Y), epochs=3)
    assert_agree(ours[0], theirs[0])
    assert ours[1] == theirs[1] == [BATCHES] * 3
    assert ours[2] == 0


@pytest.mark.parametrize(
    ("source", "steps"),
    [
        (lambda library: tensors(X, Y), None),
        (lambda library: tensors(X, Y), 2),
        (lambda library: tensors(X, Y).repeat(), 2),
        (lambda library: numbered(library, X, Y), None),
        (lambda library: loader(X, Y), None),
        (lambda library: (X, Y), 2),
        (lambda library: (X, Y, W), None),
    ],
)
def test_validation(source, steps):
    ours, theirs = both(
        lambda _: tensors(X, Y),
        epochs=2,
        validation_data=source,
        validation_steps=steps,
    )
    assert_agree(ours[0], theirs[0])


@pytest.mark.parametrize("steps", [None, 2, 9])
@pytest.mark.parametrize("method", ["evaluate", "predict"])
@pytest.mark.parametrize("kind", ["tf.data", "PyDataset", "DataLoader"])
def test_evaluation_and_prediction(method, kind, steps):
    source = SOURCES[kind][0]
    ours, theirs = both(lambda library: source(library, X, Y), method, steps=steps)
    assert_agree(ours[0], theirs[0])
    assert ours[2] == theirs[2] == (steps == 9)


@pytest.mark.parametrize("settings", [{}, {"steps_per_epoch": 4}])
def test_a_numbered_data_set_is_asked_in_the_same_order(settings):
    sets = []

    def source(library):
        sets.append(numbered(library, X, Y))
        return sets[-1]

    both(source, epochs=3, **settings)
    ours, theirs = (
        [[c for c in one.calls if isinstance(c, kind)] for kind in (int, str)]
        for one in sets
    )
    # Keras looks at the first two batches beforehand, to learn their shapes, and with
    # steps, on its thread, one further than it needs.
    assert ours[1] == theirs[1]
    if not settings:
        assert ours[0] == theirs[0][2:]


def test_a_data_set_of_keras_itself_is_one_here():
    data = numbered(keras, X, Y)
    expected = model(scratchnet).fit(X, Y, SIZE, epochs=2, verbose=0, shuffle=False)
    found = model(scratchnet).fit(data, epochs=2, verbose=0, shuffle=False)
    assert found.history == expected.history
    epoch = ["begin", *range(BATCHES), "end"]
    assert data.calls == ["end", *epoch, *epoch]


def test_class_weights():
    weights = {0: 2.0, 1: 0.5, 2: 1.0}  # Keras's tf.data takes no gaps
    for source in (lambda _: tensors(X, Y), lambda lib: numbered(lib, X, Y)):
        ours, theirs = both(source, epochs=2, class_weight=weights)
        assert_agree(ours[0], theirs[0])


def test_steps_without_a_batch_size():
    found = [
        model(library).fit(
            *(X, Y), epochs=2, steps_per_epoch=4, verbose=0, shuffle=False
        )
        for library in (scratchnet, keras)
    ]
    assert_agree(*(one.history for one in found))


@pytest.mark.parametrize("make", [tf.constant, torch.tensor], ids=["tf", "torch"])
def test_tensors(make):
    x, y, w = make(X), make(Y), make(W)
    found = []
    for library in scratchnet, keras:
        made = model(library)
        history = made.fit(x, y, sample_weight=w, verbose=0, shuffle=False).history
        values = [*made.train_on_batch(x, y, w), *made.test_on_batch(x, y)]
        found.append([*history.values(), values, made.predict_on_batch(x)])
    for ours, theirs in zip(*found, strict=True):
        assert_agree(ours, theirs)


@pytest.mark.parametrize(
    ("source", "settings"),
    [
        (lambda _: tensors(X, Y), {"y": Y}),
        (lambda _: generator(X, Y), {"y": Y}),
        (lambda library: numbered(library, X, Y), {"sample_weight": W}),
        (lambda _: loader(X, Y), {"y": Y}),
        (lambda _: tensors(X, Y), {"validation_split": 0.5}),
        (lambda _: batches(X[:0], Y[:0]), {}),
    ],
)
def test_what_both_refuse(source, settings):
    for library in scratchnet, keras:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(ValueError, match=r".+"):
                model(library).fit(source(library), verbose=0, **settings)
