"""The table that summary prints is Keras's, character by character."""

import pytest

import scratchnet as keras
from scratchnet import layers
from tests.keras.golden import compare, core_cases

TABLES = sorted(compare.keras("summaries"))


@pytest.fixture(scope="module")
def tables():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        return compare.ours("summaries")


@pytest.mark.parametrize("name", TABLES)
def test_table_is_that_of_keras(tables, name):
    assert tables[name].tolist() == compare.keras("summaries")[name].tolist()


@pytest.mark.parametrize(("columns", "width"), [("60", 56), ("80", 76), ("200", 88)])
def test_width_follows_the_terminal(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    lines = core_cases.summary_of(model)
    assert {len(line) for line in lines[1:6]} == {width}


def test_it_is_printed_or_handed_over(capsys):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)], name="small")
    model.summary()
    printed = capsys.readouterr().out
    texts = []
    model.summary(print_fn=texts.append)
    assert texts == [printed]
    assert printed.startswith('Model: "small"\n┏')
    assert printed.endswith("Non-trainable params: 0 (0.00 B)\n")
    assert model.summary(print_fn=texts.append) is None


def test_too_short_a_line():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    with pytest.raises(
        ValueError, match="summary: expected a line long enough for 3 c"
    ):
        model.summary(line_length=15)


def test_a_part_of_the_layers_and_those_of_models_in_the_model():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2)], name="inner")
    model = keras.Sequential(
        [keras.Input((3,)), inner, layers.ReLU(name="act"), layers.Dense(1, name="top")]
    )

    def names(**settings):
        lines = core_cases.summary_of(model, **settings)
        return [line[1:].split("(")[0].rstrip() for line in lines if "│" in line]

    nested = f"    └ {inner.layers[0].name}"
    assert names(expand_nested=True) == [" inner", nested, " act", " top"]
    assert names(layer_range=["in", "act"]) == [" inner", " act"]
    assert names(layer_range=["top", "a.t"]) == [" act", " top"]
    wide = core_cases.summary_of(model, positions=[0.2, 0.5, 1.0], line_length=60)
    assert wide[1].index("┳") == 12
    for settings, message in (
        ({"layer_range": ["no", "top"]}, "name layers of the model"),
        ({"layer_range": ["top"]}, "two names"),
        ({"positions": [1.0]}, "positions for 3 columns"),
    ):
        with pytest.raises(ValueError, match=f"summary: expected .*{message}"):
            model.summary(**settings)


def test_a_class_that_is_not_built_yet():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.top = layers.Dense(2, name="top")

        def call(self, x):
            return self.top(x)

    net = Net()
    assert "0 (unbuilt)" in "\n".join(core_cases.summary_of(net))
    net.build((None, 3))
    assert "(None, 2)" in "\n".join(core_cases.summary_of(net))
