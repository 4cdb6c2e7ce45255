"""Names, order and defaults of arguments beside Keras's, and the names that there are.

    python -m pytest tests/keras/parity/test_signatures.py

Compared is every public class, method and function that both libraries have. Where
they differ, `EXCEPTIONS` says why. What Keras takes as ``*args`` or ``**kwargs`` has
neither names nor an order: those don't count, and a signature of nothing else is passed
over.
"""

import fnmatch
import importlib
import inspect

import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras

import scratchnet
from scratchnet.foundation.keras_names import NAMES
from scratchnet.foundation.outside import ATTRIBUTES

MODULES = (
    "constraints optimizers.schedules regularizers "
    "activations callbacks initializers layers losses metrics models optimizers utils "
    "preprocessing preprocessing.image "
    "datasets.cifar10 datasets.cifar100 datasets.fashion_mnist datasets.mnist"
).split()

# Pattern of names → why they differ.
EXCEPTIONS = {
    # Methods under Keras's names that belong to the engine.
    "layers.Lambda.call": "no mask",
    "layers.Lambda.from_config": "made as the other layers are",
    "*.add_weight": "Keras takes all by name, or a shape first",
    "layers.*.build": "is also given the generator of the first values",
    "models.*.build": "is also given the generator of the first values",
    "models.*.train_step": "is also given the plan that it runs",
    "models.*.test_step": "is also given the plan that it runs",
    "optimizers.*.build": "variables, as in Optimizer; var_list in most others",
    # More than Keras has, at the end or by name only.
    "initializers.*.__call__": "an optional generator, at the end",
    "layers.Layer": "input_shape and input_dim, by name: among Keras's **kwargs",
    "losses.SparseCategoricalCrossentropy": "label_smoothing, by name only",
    "layers.Av*Pool*": "pool_size may be left out, as in MaxPooling2D",
    "models.save_model": "allow_non_finite, by name only; always zipped",
    # Rescaling is a layer like all others here, and has a class of its own in Keras.
    **dict.fromkeys(
        (
            *("layers.Rescaling.__call__", "layers.Random*.__call__"),
            *("layers.Resizing.__call__", "layers.CenterCrop.__call__"),
            "layers.Normalization.__call__",
        ),
        "called as the other layers are",
    ),
    "layers.Rescaling.from_config": "made as the other layers are",
}
SPREAD = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


def pairs():
    """Yield the name of everything that both have, with ours and theirs."""
    for module in MODULES:
        ours, theirs = (
            importlib.import_module(f"{library}.{module}")
            for library in ("scratchnet", "keras")
        )
        for name in sorted(set(dir(ours)) & set(dir(theirs))):
            both = getattr(ours, name), getattr(theirs, name)
            if name.startswith("_") or not all(map(callable, both)):
                continue
            yield f"{module}.{name}", *both
            if all(map(inspect.isclass, both)):
                yield from methods(f"{module}.{name}", *both)


def methods(path, ours, theirs):
    for name in sorted(set(dir(ours)) & set(dir(theirs))):
        both = getattr(ours, name), getattr(theirs, name)
        public = name == "__call__" or not name.startswith("_")
        if public and all(map(callable, both)):
            yield f"{path}.{name}", *both


def parameters(thing):
    """Return (name, default, kind) of all parameters but the object itself."""
    # Some of Keras's classes hide their arguments behind a `__new__`.
    signature = inspect.signature(thing.__init__ if inspect.isclass(thing) else thing)
    return [
        (one.name, one.default, one.kind)
        for one in signature.parameters.values()
        if one.name != "self" and one.kind not in SPREAD
    ]


def is_spread(thing):
    """Tell whether there is nothing but ``*args`` and ``**kwargs``."""
    signature = inspect.signature(thing.__init__ if inspect.isclass(thing) else thing)
    kinds = [p.kind for p in signature.parameters.values() if p.name != "self"]
    return bool(kinds) and all(kind in SPREAD for kind in kinds)


def differ(ours, theirs):
    return not is_spread(theirs) and parameters(ours) != parameters(theirs)


def excepted(path):
    return [rule for rule in EXCEPTIONS if fnmatch.fnmatchcase(path, rule)]


PAIRS = {path: (ours, theirs) for path, ours, theirs in pairs()}


def test_what_is_compared_is_there():
    for path in (
        "activations.softmax",
        "callbacks.EarlyStopping.on_epoch_end",
        "datasets.mnist.load_data",
        "layers.Conv2D",
        "losses.Loss",
        "metrics.Mean.update_state",
        "models.Sequential",
        "models.Sequential.fit",
        "optimizers.SGD",
        "utils.to_categorical",
    ):
        assert path in PAIRS
        assert parameters(PAIRS[path][1])


@pytest.mark.parametrize("path", [path for path in PAIRS if not excepted(path)])
def test_arguments_are_those_of_keras(path):
    ours, theirs = PAIRS[path]
    if not is_spread(theirs):
        assert parameters(ours) == parameters(theirs)


@pytest.mark.parametrize("rule", EXCEPTIONS)
def test_every_exception_is_needed(rule):
    assert any(differ(*PAIRS[path]) for path in PAIRS if rule in excepted(path))


@pytest.mark.parametrize(
    ("ours", "theirs", "outside"),
    [
        (
            scratchnet.Sequential([scratchnet.layers.Dense(2)]),
            keras.Sequential,
            # What is made of layers is built again from a file, as in Keras.
            (ATTRIBUTES["Layer"] | ATTRIBUTES["Model"])
            - {"build_from_config", "get_build_config"},
        ),
        (scratchnet.layers.Dense(2), keras.layers.Layer, ATTRIBUTES["Layer"]),
    ],
    ids=["Sequential", "Layer"],
)
def test_every_name_of_keras_is_there_or_refused_as_such(ours, theirs, outside):
    names = {name for name in dir(theirs) if not name.startswith("_")}
    assert outside <= names
    there = set(dir(ours))
    assert not there & outside
    assert names <= there | outside
    for name in outside:
        with pytest.raises(AttributeError, match=f"'{name}' is outside scratchnet's"):
            getattr(ours, name)


@pytest.mark.parametrize("room", NAMES)
def test_keras_s_names_are_all_known(room):
    module = importlib.import_module(f"keras.{room}" if room else "keras")
    names = {name for name in dir(module) if not name.startswith("_")}
    if room == "applications":  # the networks, without a module for each
        names = {name for name in names if name[0].isupper()}
    assert NAMES[room] == names - {"src", "version"}
