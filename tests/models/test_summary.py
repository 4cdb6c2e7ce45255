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


def test_arguments_outside_the_subset_are_refused():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    for settings in (
        {"positions": [0.3, 0.6, 1.0]},
        {"expand_nested": True},
        {"layer_range": ["a", "b"]},
    ):
        with pytest.raises(
            NotImplementedError, match=f"summary: {next(iter(settings))}"
        ):
            model.summary(**settings)
