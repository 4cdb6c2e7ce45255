"""Models with several outputs beside Keras's: histories, names, what evaluate returns.

    python -m pytest tests/keras/parity/test_several_outputs.py

The same numbers, under the same names and in the same order, in every form in which
losses, weights, metrics, targets and sample weights may be given; and where Keras
refuses one, so does scratchnet, with the same kind of error.
"""

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras
import tensorflow as tf

import scratchnet

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Gradients do not exist"),
    pytest.mark.filterwarnings("ignore:.*no loss depends on"),
]

RNG = np.random.default_rng(0)
N = 10  # two batches of 4, and one of 2
X = RNG.normal(size=(N, 4)).astype(np.float32)
LABELS = RNG.integers(0, 3, N)
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
VALUES = RNG.normal(size=(N, 2)).astype(np.float32)
OF_LABELS, OF_VALUES = RNG.random((2, N)).astype(np.float32)
WEIGHTS = [
    RNG.normal(size=shape).astype(np.float32) / 2
    for shape in ((4, 5), (5,), (5, 3), (3,), (5, 2), (2,))
]
CCE = "sparse_categorical_crossentropy"
BOTH = [LABELS, VALUES]


def outputs(library, kind):
    """Return a model whose outputs are listed, by keys, or those of a class."""
    layers = library.layers
    hidden = layers.Dense(5, activation="tanh", kernel_regularizer="l2")
    main = layers.Dense(3, activation="softmax", name="main")
    aux = layers.Dense(2, name="aux")
    if kind in ("list", "keys", "names"):
        x = library.Input((4,))
        h = hidden(x)
        a, b = main(h), aux(h)
        by = {"keys": {"z": a, "a": b}, "names": {"main": a, "aux": b}}
        model = library.Model(x, by.get(kind, [a, b]))
    else:

        class Heads(library.Model):
            def __init__(self):
                super().__init__()
                self.hidden, self.main, self.aux = hidden, main, aux

            def call(self, x):
                h = self.hidden(x)
                if kind == "class by keys":
                    return {"z": self.main(h), "a": self.aux(h)}
                return [self.main(h), self.aux(h)]

        model = Heads()
        model(X)
    for layer, at in ((hidden, 0), (main, 2), (aux, 4)):
        layer.set_weights(WEIGHTS[at : at + 2])
    return model


CASES = {
    "lists": (
        "list",
        {"loss": [CCE, "mse"], "metrics": [["accuracy"], ["mae", "mse"]]},
        {"y": BOTH},
    ),
    "a metric for each": (
        "list",
        {"loss": (CCE, "mse"), "metrics": ["accuracy", "mae"]},
        {"y": BOTH, "validation_split": 0.3},
    ),
    "everything": (
        "list",
        {
            "loss": [CCE, "mse"],
            "loss_weights": [1, 0.5],
            "metrics": [["accuracy"], None],
            "weighted_metrics": [["accuracy"], ["mae"]],
        },
        {"y": BOTH, "sample_weight": [OF_LABELS, OF_VALUES]},
    ),
    "dictionaries": (
        "list",
        {
            "loss": {"aux": "mse", "main": CCE},
            "loss_weights": {"aux": 0.5, "main": 1},
            "metrics": {"aux": "mae"},
        },
        {"y": {"main": LABELS, "aux": VALUES}},
    ),
    "a list beside a dictionary": (
        "list",
        {"loss": {"aux": "mse", "main": CCE}, "loss_weights": [10.0, 1.0]},
        {"y": tuple(BOTH), "sample_weight": (OF_LABELS, OF_VALUES)},
    ),
    "one weight for all": (
        "list",
        {"loss": [CCE, "mse"], "weighted_metrics": [["accuracy"], "mae"]},
        {"y": BOTH, "sample_weight": OF_LABELS},
    ),
    "weights for one": (
        "list",
        {"loss": [CCE, "mse"], "loss_weights": [None, 2.0]},
        {"y": BOTH, "sample_weight": [OF_LABELS, None]},
    ),
    "one loss for all": ("list", {"loss": "mse"}, {"y": [ONE_HOT, VALUES]}),
    "one weighted loss for all": (
        "list",
        {"loss": "mse", "loss_weights": 0.5},
        {"y": [ONE_HOT, VALUES]},
    ),
    "no loss for one": (
        "list",
        {"loss": [CCE, None], "metrics": [["accuracy"], ["mae"]]},
        {"y": BOTH},
    ),
    "no targets for one": (
        "list",
        {"loss": [CCE, None], "metrics": [["accuracy"], None]},
        {"y": LABELS},
    ),
    "None by name": ("list", {"loss": {"main": CCE, "aux": None}}, {"y": BOTH}),
    "metrics of one name": (
        "list",
        {
            "loss": [CCE, "mse"],
            "metrics": [["accuracy", "accuracy"], ["mae"]],
            "weighted_metrics": [["accuracy"], ["mae", "mae"]],
        },
        {"y": BOTH},
    ),
    "keys": (
        "keys",
        {
            "loss": {"z": CCE, "a": "mse"},
            "loss_weights": {"z": 1, "a": 0.5},
            "metrics": {"z": ["accuracy"], "a": "mae"},
        },
        {"y": {"z": LABELS, "a": VALUES}},
    ),
    "keys, in another order, weighted": (
        "keys",
        {"loss": {"a": "mse", "z": CCE}, "weighted_metrics": {"a": "mae"}},
        {
            "y": {"z": LABELS, "a": VALUES},
            "sample_weight": {"z": OF_LABELS, "a": OF_VALUES},
        },
    ),
    "one key": ("keys", {"loss": {"z": CCE}}, {"y": {"z": LABELS, "a": VALUES}}),
    "one key and its targets": ("keys", {"loss": {"z": CCE}}, {"y": {"z": LABELS}}),
    "a list for keys": (
        "keys",
        {"loss": ["mse", CCE], "metrics": ["mae", "accuracy"]},
        {"y": {"z": LABELS, "a": VALUES}},
    ),
    "a list of targets for keys": (
        "keys",
        {"loss": {"a": "mse", "z": CCE}},
        {"y": [VALUES, LABELS]},
    ),
    "one loss for all keys": (
        "keys",
        {"loss": "mse"},
        {"y": {"z": ONE_HOT, "a": VALUES}},
    ),
    "keys that are the layers' names": (
        "names",
        {"loss": {"main": CCE, "aux": "mse"}, "metrics": {"main": "accuracy"}},
        {"y": {"main": LABELS, "aux": VALUES}},
    ),
    "a class": (
        "class",
        {
            "loss": [CCE, "mse"],
            "loss_weights": [1.0, 0.5],
            "metrics": [["accuracy"], ["mae"]],
            "weighted_metrics": [["accuracy"], ["mae"]],
        },
        {"y": BOTH},
    ),
    "a class with the same loss twice": (
        "class",
        {"loss": "mse"},
        {"y": [ONE_HOT, VALUES]},
    ),
    "a class by keys": (
        "class by keys",
        {"loss": {"z": CCE, "a": "mse"}, "metrics": {"z": "accuracy"}},
        {"y": {"z": LABELS, "a": VALUES}},
    ),
}


def close(one, other):
    np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


def weight_of(fitted):
    return {key: one for key, one in fitted.items() if key in ("y", "sample_weight")}


@pytest.mark.parametrize("case", CASES)
def test_fit_and_evaluate_are_keras_s(case):
    kind, compiled, fitted = CASES[case]
    found = []
    for library in (keras, scratchnet):
        model = outputs(library, kind)
        model.compile(library.optimizers.SGD(0.1), **compiled)
        history = model.fit(
            X, **fitted, epochs=2, batch_size=4, shuffle=False, verbose=0
        ).history
        again = {"batch_size": 4, "verbose": 0, **weight_of(fitted)}
        values = model.evaluate(X, **again)
        named = model.evaluate(X, **again, return_dict=True)
        step = model.train_on_batch(X, **weight_of(fitted))
        alone = model.test_on_batch(X, **weight_of(fitted), return_dict=True)
        found.append((history, values, named, step, alone, model))
    theirs, ours = found
    for at in (0, 2, 4):
        assert list(theirs[at]) == list(ours[at])
        close(list(theirs[at].values()), list(ours[at].values()))
    for at in (1, 3):
        close(theirs[at], ours[at])
    assert theirs[5].metrics_names == ours[5].metrics_names
    assert getattr(theirs[5], "output_names", 0) == getattr(ours[5], "output_names", 0)
    predicted, made = (model.predict(X, verbose=0) for *_, model in found)
    if isinstance(predicted, dict):
        assert list(predicted) == list(made)
        predicted, made = predicted.values(), made.values()
    for one, other in zip(predicted, made, strict=True):
        close(one, other)


REFUSED = {
    "too many losses": ("list", {"loss": [CCE, "mse", "mse"]}, {"y": BOTH}),
    "a name is missing": ("list", {"loss": {"main": CCE}}, {"y": BOTH}),
    "an unknown name": ("list", {"loss": {"main": CCE, "b": "mse"}}, {"y": BOTH}),
    "an unknown key": (
        "keys",
        {"loss": {"z": CCE, "b": "mse"}},
        {"y": {"z": LABELS, "a": VALUES}},
    ),
    "weights for one loss": (
        "list",
        {"loss": "mse", "loss_weights": [1, 0.5]},
        {"y": [ONE_HOT, VALUES]},
    ),
    "three weights": (
        "list",
        {"loss": [CCE, "mse"], "loss_weights": [1, 2, 3]},
        {"y": BOTH},
    ),
    "one metric": ("list", {"loss": [CCE, "mse"], "metrics": ["mae"]}, {"y": BOTH}),
    "metrics of another": (
        "list",
        {"loss": [CCE, "mse"], "metrics": {"b": "mae"}},
        {"y": BOTH},
    ),
    "class weights": (
        "list",
        {"loss": [CCE, "mse"]},
        {"y": BOTH, "class_weight": {0: 1.0}},
    ),
    "three targets": ("list", {"loss": [CCE, "mse"]}, {"y": [*BOTH, VALUES]}),
    "one target": ("list", {"loss": [CCE, "mse"]}, {"y": [LABELS]}),
    "weights for one output": (
        "list",
        {"loss": [CCE, "mse"]},
        {"y": BOTH, "sample_weight": [OF_LABELS]},
    ),
    "weights with two dimensions": (
        "list",
        {"loss": [CCE, "mse"]},
        {"y": BOTH, "sample_weight": np.ones((N, 2))},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_keras_refuses_is_refused_with_the_same_error(case):
    kind, compiled, fitted = REFUSED[case]
    kinds = []
    for library in (keras, scratchnet):
        model = outputs(library, kind)
        with pytest.raises((ValueError, KeyError)) as caught:
            model.compile("sgd", **compiled)
            model.fit(X, **fitted, verbose=0)
        kinds.append(caught.type)
    assert kinds[0] is kinds[1]


def batches(weighted, named):
    for _ in range(2):
        for start in range(0, 8, 4):
            at = slice(start, start + 4)
            y, w = (LABELS[at], VALUES[at]), (OF_LABELS[at], OF_VALUES[at])
            if named:
                y = dict(zip(("main", "aux"), y, strict=True))
                w = dict(zip(("main", "aux"), w, strict=True))
            yield (X[at], y, w) if weighted else (X[at], y)


@pytest.mark.parametrize("source", ["generator", "tf.data", "PyDataset"])
@pytest.mark.parametrize(("weighted", "named"), [(False, True), (True, False), (0, 0)])
def test_batches_of_several_targets(source, weighted, named):
    found = []
    for library in (keras, scratchnet):
        model = outputs(library, "list")
        model.compile(library.optimizers.SGD(0.1), [CCE, "mse"])

        class Numbered(library.utils.PyDataset):
            def __len__(self):
                return 2

            def __getitem__(self, index):
                return [*batches(weighted, named)][index]

        if source == "generator":
            data = {"x": batches(weighted, named), "steps_per_epoch": 2}
            data["shuffle"] = False
        elif source == "tf.data":
            parts = next(batches(weighted, named))
            data = {"x": tf.data.Dataset.from_tensors(parts)}
            data["shuffle"] = False
        else:
            data = {"x": Numbered(), "shuffle": False}
        history = model.fit(
            **data, validation_data=(X, BOTH), epochs=2, verbose=0
        ).history
        found.append(history)
    assert list(found[0]) == list(found[1])
    close(list(found[0].values()), list(found[1].values()))


def test_the_lines_that_are_printed_are_keras_s(capsys):
    printed = []
    for library in (keras, scratchnet):
        model = outputs(library, "list")
        model.compile("sgd", [CCE, "mse"], metrics=["accuracy", "mae"])
        model.fit(X, BOTH, validation_data=(X, BOTH), verbose=2, batch_size=N)
        model.evaluate(X, BOTH, verbose=2, batch_size=N)
        lines = capsys.readouterr().out.splitlines()
        printed.append([line.split("/step - ")[1:] for line in lines])
    assert printed[0] == printed[1]


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("kind", ["list", "keys"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_files_go_both_ways(tmp_path, kind, ending):
    names = ["main", "aux"] if kind == "list" else ["z", "a"]
    y = dict(zip(names, BOTH, strict=True))
    for writer, reader in ((keras, scratchnet), (scratchnet, keras)):
        model = outputs(writer, kind)
        model.compile(
            "adam",
            dict(zip(names, (CCE, writer.losses.MeanSquaredError()), strict=True)),
            loss_weights={names[0]: 1.0, names[1]: 0.3},
            metrics={names[1]: ["mae"]},
        )
        model.fit(X, y, verbose=0)
        path = tmp_path / f"{writer.__name__}{ending}"
        model.save(path)
        again = reader.models.load_model(path)
        one, other = (
            m.evaluate(X, y, verbose=0, return_dict=True) for m in (model, again)
        )
        if ending == ".keras":  # Keras reads "mae" out of its own .h5 by another name
            assert list(one) == list(other)
        close(list(one.values()), list(other.values()))
