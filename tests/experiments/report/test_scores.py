from __future__ import annotations

import pytest

from experiments.report import scores

ACCURACIES = {"ann": [0.5], "basic_cnn": [0.75], "deeper_cnn": [0.875]}
LOSSES = {"ann": [3.0], "basic_cnn": [2.0], "deeper_cnn": [1.5]}


def heights(axes):
    return [bar.get_height() for bar in axes.patches]


def test_there_is_a_bar_per_model_with_its_number():
    accuracy, loss = scores.draw(ACCURACIES, LOSSES).axes
    assert heights(accuracy) == [0.5, 0.75, 0.875]
    assert heights(loss) == [3.0, 2.0, 1.5]
    assert [text.get_text() for text in accuracy.texts] == ["50.0%", "75.0%", "87.5%"]
    assert [text.get_text() for text in loss.texts] == ["3.000", "2.000", "1.500"]
    names = [label.get_text() for label in accuracy.get_xticklabels()]
    assert names == ["ann", "basic\ncnn", "deeper\ncnn"]
    assert len({bar.get_facecolor() for bar in accuracy.patches}) == 3
    assert accuracy.get_ylim()[0] == loss.get_ylim()[0] == 0


def test_several_seeds_are_a_mean_and_a_dot_each():
    values = {"a": [0.25, 0.75], "b": [0.5]}
    accuracy, _ = scores.draw(values, values).axes
    assert heights(accuracy) == [0.5, 0.5]
    first, second = accuracy.lines
    assert first.get_ydata().tolist() == [0.25, 0.75]
    assert second.get_ydata().tolist() == [0.5]


def test_it_is_written_below_what_a_bar_is():
    values = {"a": [0.25, 0.75]}
    made = scores.draw(values, values, "mean of 2 seeds")
    assert made.get_supxlabel() == "mean of 2 seeds"
    assert scores.draw(values, values).get_supxlabel() == ""


@pytest.mark.parametrize("models", [1, 8])
def test_any_number_of_models(models):
    values = {f"m{index}": [0.5] for index in range(models)}
    assert len(heights(scores.draw(values, values).axes[0])) == models
