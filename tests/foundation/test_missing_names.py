"""A name that is not there: one sentence, however it was asked for."""

import importlib

import pytest

import scratchnet
from scratchnet.foundation import lookup, missing_names

STATEMENTS = {
    "from scratchnet.layers import LSTM": "has no layers for sequences and text",
    "from scratchnet.layers import Denze": "did you mean 'Dense'",
    "from scratchnet.layers import Adam": "it is in scratchnet.optimizers",
    "from scratchnet.utils import to_categoricl": "did you mean 'to_categorical'",
    "import scratchnet.layers.Dense": "write: from scratchnet.layers import Dense",
    "import scratchnet.applications": "no pretrained weights",
    "from scratchnet.applications.vgg16 import VGG16": "no pretrained weights",
    "from scratchnet.utils import np_utils": "utils import to_categorical",
    "from scratchnet.utils.np_utils import to_categorical": "older Keras",
    "from scratchnet.layers.core import Dense": "from scratchnet.layers import",
    "from scratchnet.layers.experimental import preprocessing": "scratchnet.layers",
    "from scratchnet.datasets import imdb": "sklearn.datasets",
    "from scratchnet.layers import Conv3D": "Keras has it, scratchnet has not",
    "from scratchnet.optimizers import Muon": "Keras has it, scratchnet has not",
    "from scratchnet.keras.layers import Dense": "write scratchnet.layers",
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_imports_say_what_there_is(statement):
    with pytest.raises(ImportError) as raised:
        exec(statement)
    assert str(raised.value).startswith("scratchnet")
    assert STATEMENTS[statement] in str(raised.value)


@pytest.mark.parametrize("room", missing_names.ROOMS)
def test_a_room_has_what_it_says_and_nothing_else(room):
    module = importlib.import_module(f"scratchnet.{room}" if room else "scratchnet")
    assert all(hasattr(module, name) for name in missing_names.ROOMS[room])
    assert not hasattr(module, "Muon")
    assert not hasattr(module, "_private")


@pytest.mark.parametrize(
    ("kind", "name"),
    [("optimizer", "muon"), ("loss", "ctc"), ("metric", "R2Score")],
)
def test_no_other_thing_is_offered_than_the_one_keras_has(kind, name):
    room = importlib.import_module(f"scratchnet.{lookup.room_of(kind)}")
    with pytest.raises(ValueError, match="Keras has it, scratchnet has not") as raised:
        lookup.find(kind, name, room.ALL, type(None))
    assert "did you mean" not in str(raised.value)


def test_a_near_name_may_be_one_that_keras_alone_has():
    found = missing_names.suggest("Con3D", scratchnet.layers.ALL, "layers")
    assert "did you mean 'Conv3D'? Only Keras has that" in found


def test_other_packages_are_left_to_python():
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package'"):
        importlib.import_module("no_such_package.part")
    with pytest.raises(ModuleNotFoundError, match=r"scratchnet\.kernels has no 'part'"):
        importlib.import_module("scratchnet.kernels.part")


@pytest.mark.parametrize(
    ("room", "name", "message"),
    [
        ("layers.normalization", "BatchNormalization", "it is in scratchnet.layers"),
        ("layers.merge", "add", "it is in scratchnet.layers"),
        ("ops", "conv", "Keras has it, scratchnet has not"),
        ("ops", "linalg", "Keras has it, scratchnet has not"),
        ("config", "set_dtype_policy", "Keras has it, scratchnet has not"),
    ],
)
def test_a_wrong_import_says_where_it_is(room, name, message):
    for statement in (
        f"from scratchnet.{room} import {name}",
        f"import scratchnet.{room}.{name}",
    ):
        with pytest.raises(ImportError, match=message):
            exec(statement)
