"""Arguments that Keras alone has: accepted at its defaults, or refused; attributes."""

import inspect

import numpy as np
import pytest

from scratchnet.foundation import outside
from scratchnet.foundation.outside import keras_signature, missing, refuse


@pytest.fixture
def optimizer(monkeypatch):
    row = {
        "rate": {"decay": None, "size": (1, 1)},
        "name": {"threshold": 0.0},
        "**": {"autocast": True},
    }
    monkeypatch.setitem(outside.ARGUMENTS, "Descent", row)
    monkeypatch.setitem(outside.ALSO, "threshold", (None,))

    class Descent:
        def __init__(self, rate, name="mine"):
            self.made_of = rate, name

    return keras_signature(Descent, "Descent")


def test_arguments_stand_where_keras_has_them(optimizer):
    signature = "(rate, decay=None, size=(1, 1), name='mine', threshold=0.0)"
    assert str(inspect.signature(optimizer)) == signature


@pytest.mark.parametrize(
    ("by_place", "by_name"),
    [
        ((0.5,), {}),
        ((), {"rate": 0.5}),
        ((0.5, None), {}),
        ((0.5,), {"decay": None, "autocast": True}),
        ((0.5, None, (1, 1), "mine", 0.0), {}),
        ((0.5,), {"size": 1, "threshold": 0}),
        ((0.5,), {"size": [1, 1], "threshold": None}),
    ],
)
def test_defaults_of_keras_are_accepted(optimizer, by_place, by_name):
    assert optimizer(*by_place, **by_name).made_of == (0.5, "mine")


@pytest.mark.parametrize(
    ("by_place", "by_name", "message"),
    [
        ((0.5, 0.1), {}, r"decay=0\.1 is outside .*; only decay=None is supported"),
        ((0.5,), {"decay": 0.1}, r"decay=0\.1 is outside"),
        ((0.5,), {"decay": False}, "decay=False is outside"),
        ((0.5,), {"size": 2}, r"size=\(2, 2\) is outside .*only size=\(1, 1\) is supp"),
        ((0.5,), {"autocast": False}, "autocast=False is outside"),
        (
            (0.5,),
            {"threshold": "0"},
            r"threshold='0' is outside .*only threshold=0\.0 or",
        ),
    ],
)
def test_other_values_are_refused(optimizer, by_place, by_name, message):
    with pytest.raises(NotImplementedError, match=f"^Descent: {message}"):
        optimizer(*by_place, **by_name)


@pytest.mark.parametrize(
    ("by_place", "by_name", "message"),
    [
        ((), {}, "missing a required argument: 'rate'"),
        ((0.5, None, (1, 1), "mine", 0.0, True), {}, "too many positional arguments"),
        ((0.5,), {"rate": 0.5}, "multiple values for argument 'rate'"),
        # What is refused anyway is not among the names to choose from.
        ((), {"rates": 1}, "no argument 'rates'; did you mean 'rate'.*: name, rate$"),
    ],
)
def test_wrong_calls_name_the_class(optimizer, by_place, by_name, message):
    with pytest.raises(TypeError, match=f"^Descent: .*{message}"):
        optimizer(*by_place, **by_name)


def test_a_subclass_speaks_for_itself(optimizer):
    class Mine(optimizer):
        def __init__(self, speed, **settings):
            super().__init__(2 * speed, **settings)

    assert Mine(3, name="a").made_of == (6, "a")
    with pytest.raises(NotImplementedError, match=r"^Mine: decay=0\.1"):
        Mine(3, decay=0.1)
    with pytest.raises(TypeError, match=r"^Mine: there is no argument 'nam'"):
        Mine(3, nam="a")


def test_a_function_may_take_more_by_name(monkeypatch):
    monkeypatch.setitem(outside.ARGUMENTS, "Room.fit", {"x": {"workers": 1}})

    @lambda function: keras_signature(function, "Room.fit")
    def fit(x, **more):
        return x, more

    assert fit(1, workers=1, y=2) == (1, {"y": 2})
    with pytest.raises(NotImplementedError, match=r"^fit: workers=2 is outside"):
        fit(1, 2)


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("data_format", "channels_last", None),
        ("jit_compile", "auto", "auto"),
        ("ema_momentum", 0.99, 0.99),
        ("axis", -1, -1),
    ],
)
def test_values_that_mean_the_default(name, value, default):
    refuse("Conv2D", name, value, default)


def test_an_array_is_refused_not_compared():
    for default in (None, 1.0):
        with pytest.raises(NotImplementedError, match="loss_weights=array"):
            refuse("compile", "loss_weights", np.ones(2), default)


def test_attributes_of_keras_s_are_refused_by_name(monkeypatch):
    monkeypatch.setitem(outside.ATTRIBUTES, "Base", frozenset({"quantize"}))

    class Base:
        def __getattr__(self, name):
            missing(self, name)

    class Derived(Base):
        pass

    with pytest.raises(AttributeError, match=r"^Derived: 'quantize' is outside scratc"):
        _ = Derived().quantize
    with pytest.raises(AttributeError, match=r"'Derived' object has no attribute 'oth"):
        _ = Derived().other
