from __future__ import annotations

import matplotlib.colors
import numpy as np
import pytest

from experiments.report import curves
from experiments.report.curves import Training
from experiments.report.look import SERIES, png

HISTORY = {
    "epoch": [0, 1, 2],
    "seconds": [9, 9, 9],
    "loss": [3, 2, 1],
    "val_loss": [4, 1.5, 5],
    "accuracy": [0.1, 0.2, 0.3],
    "val_accuracy": [0.2, 0.4, 0.3],
}
TRAINING = Training(HISTORY, 1)


def lines(axes):
    return {
        line.get_label(): (line.get_linestyle(), line.get_xydata().tolist())
        for line in axes.lines
    }


def test_training_is_solid_validation_dotted_and_the_best_epoch_marked():
    accuracy, loss = curves.draw({"net": TRAINING}).axes
    assert (accuracy.get_title(), loss.get_title()) == ("accuracy", "loss")
    assert lines(loss) == {
        "training": ("-", [[1, 3], [2, 2], [3, 1]]),
        "validation": (":", [[1, 4], [2, 1.5], [3, 5]]),
        "best epoch (2)": ("None", [[2, 1.5]]),
    }
    assert lines(accuracy)["best epoch (2)"] == ("None", [[2, 0.4]])
    assert loss.lines[-1].get_marker() == "*"


def test_each_model_has_a_colour_and_its_name_in_the_legend():
    made = curves.draw({"ann": TRAINING, "basic_cnn": TRAINING})
    colours = {
        line.get_label(): matplotlib.colors.to_hex(line.get_color())
        for line in made.axes[0].lines
    }
    assert colours["ann: training"] == colours["ann: validation"] == SERIES[0]
    assert colours["basic cnn: training"] == SERIES[1]
    (legend,) = made.legends
    assert [text.get_text() for text in legend.texts] == list(colours)


def test_metrics_are_what_the_history_has():
    trainings = {"a": Training({"loss": [1], "mse": [2], "val_top_5": [3], "lr": [4]})}
    assert curves.metrics_of(trainings) == ["loss", "mse", "top_5"]
    panels = curves.draw(trainings).axes
    assert [axes.get_title() for axes in panels[:3]] == ["loss", "mse", "top 5"]
    # One epoch is a point, and a point of a line without markers can't be seen.
    assert panels[0].lines[0].get_marker() == "o"


@pytest.mark.parametrize("best", [None, -1, 3, 99])
def test_a_best_epoch_that_is_not_there_is_not_marked(best):
    training = Training(HISTORY, best)
    assert len(curves.draw({"net": training}).axes[0].lines) == 2
    assert len(curves.chart("loss", {"net": training})["data"]) == 2


@pytest.mark.parametrize("values", [[], [float("nan")], [float("inf"), 1.0]])
def test_short_and_broken_histories_are_drawn(values):
    training = Training({"loss": values, "val_loss": values}, 0)
    assert png(lambda: curves.draw({"net": training}))


def test_an_empty_history_is_drawn():
    assert png(lambda: curves.draw({"net": Training({"epoch": []})}))


def test_a_chart_has_the_same_numbers():
    solid, dotted, star = curves.chart("loss", {"net": TRAINING})["data"]
    assert (solid["x"], solid["y"], solid["line"]["dash"]) == (
        [1, 2, 3],
        [3, 2, 1],
        "solid",
    )
    assert (dotted["y"], dotted["line"]["dash"]) == ([4, 1.5, 5], "dot")
    assert (star["x"], star["y"], star["marker"]["symbol"]) == ([2], [1.5], "star")


def test_a_click_in_the_legend_hides_all_of_a_model():
    found = curves.chart("loss", {"a": TRAINING, "b": TRAINING})["data"]
    assert [trace["legendgroup"] for trace in found] == ["a"] * 3 + ["b"] * 3
    assert [trace["name"] for trace in found if trace["showlegend"]] == ["a", "b"]


def test_numbers_that_json_has_not_are_gaps_in_a_chart():
    training = Training({"loss": [float("nan"), 1.0, float("inf")]}, 0)
    solid, star = curves.chart("loss", {"net": training})["data"]
    assert solid["y"] == [None, 1.0, None]
    assert star["y"] == [None]


def test_names_in_a_chart_are_text():
    training = {"<a href='x'>&": TRAINING, "b": TRAINING}
    name = curves.chart("loss", training)["data"][0]["name"]
    assert name == "&lt;a href=&#x27;x&#x27;&gt;&amp;"


def test_a_chart_is_as_readable_as_its_figure():
    drawn = curves.draw({"net": TRAINING}).axes[1].lines[0].get_ydata()
    (solid, *_) = curves.chart("loss", {"net": TRAINING})["data"]
    assert np.array_equal(drawn, solid["y"])
