from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments import report
from experiments.__main__ import main
from experiments.report import Images, Superclasses, drawing, finished, pages
from experiments.report import figures as figures_of
from experiments.report.drawing import Drawing
from experiments.report.group import Group, groups_of
from scratchnet.foundation.errors import CheckpointError
from scratchnet.runs.run import Run
from tests.experiments.report import made_runs
from tests.experiments.report.test_pages import HOSTILE, Collector

NAMES = ["cat", "dog", "guinea_pig"]
OF_ANY_RUN = {"history", "layers", "confusion", "confused-pairs"}
OF_IMAGES = {
    "samples",
    "predictions-right",
    "predictions-wrong",
    "confident-mistakes",
    "top-5",
}


@pytest.fixture(autouse=True)
def undrawn(request, monkeypatch):
    """Most tests look at the page alone: figures and charts have tests of their own."""
    monkeypatch.setattr(pages, "has_charts", lambda: False)
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(drawing, "png", lambda draw: made_runs.NO_PICTURE)


@pytest.fixture
def drawn():
    """For tests that want the figures drawn."""


def figures(folder: Path) -> set[str]:
    return {path.stem for path in (folder / "figures").glob("*.png")}


def images(count: int = 60) -> Images:
    return Images(
        made_runs.images(count), made_runs.images(9, channels=3), np.arange(9) % 3
    )


def test_a_run_of_any_data_set_has_all_figures_and_a_page(tmp_path, drawn):
    made_runs.make(tmp_path, NAMES)
    page = report.write_run(tmp_path, images=images())
    assert page == tmp_path / "report.html"
    assert figures(tmp_path) == OF_ANY_RUN | OF_IMAGES
    for path in (tmp_path / "figures").glob("*.png"):
        # In every figure there is ink, and it is not all ink.
        lightness = np.asarray(Image.open(path).convert("L"))
        assert min(lightness.shape) > 100 and 0.005 < np.mean(lightness < 200) < 0.9
    text = page.read_text(encoding="utf-8")
    found = Collector(text)
    for heading in ("Training history", "guinea pig", "Right predictions"):
        assert heading in found.text or heading in text
    sources = [attributes.get("src", "") for _, attributes in found.tags]
    assert all(source.startswith("data:image/png") for source in sources if source)
    # Nothing is fetched: no address but those of the page's own parts.
    assert "http:" not in text and "https:" not in text


def test_without_images_the_page_says_so(tmp_path):
    made_runs.make(tmp_path, NAMES)
    text = report.write_run(tmp_path).read_text(encoding="utf-8")
    assert figures(tmp_path) == OF_ANY_RUN
    assert "No images are shown here: " in text and "made_up" in text


def test_superclasses_of_ones_own_have_a_figure(tmp_path):
    made_runs.make(tmp_path, NAMES)
    groups = Superclasses(("pets", "others"), (0, 0, 1))
    report.write_run(tmp_path, superclasses=groups)
    assert "confusion-superclasses" in figures(tmp_path)


def test_figures_of_an_earlier_report_go_and_ones_own_stay(tmp_path):
    made_runs.make(tmp_path, NAMES)
    own = tmp_path / "figures" / "my_plot.png"
    own.parent.mkdir()
    own.write_text("mine")
    report.write_run(tmp_path, images=images())
    assert figures(tmp_path) == OF_ANY_RUN | OF_IMAGES | {"my_plot"}
    report.write_run(tmp_path)
    assert figures(tmp_path) == OF_ANY_RUN | {"my_plot"}
    assert own.read_text() == "mine"


def test_a_study_removes_what_it_drew_of_runs_that_are_gone(tmp_path):
    make_study(tmp_path)
    own = tmp_path / "figures" / "made_up-plot.png"
    own.parent.mkdir()
    own.write_text("mine")
    report.write_study(tmp_path)
    for folder in ("ann-0", "ann-1", "basic_cnn-0", "basic_cnn-1"):
        shutil.rmtree(tmp_path / folder)
    report.write_study(tmp_path)
    assert figures(tmp_path) == {"another-scores", "another-history", "made_up-plot"}
    assert own.read_text() == "mine"


def group(folder: Path, runs: list[str]) -> Group:
    """Return runs of a data set as a study has them."""
    (found,) = groups_of(finished.read(Run.open(folder / run)) for run in runs)
    return found


def on_page(text: str, drawings: list[Drawing]) -> list[str]:
    """Return the names of the figures that stand in a page with their captions."""
    captions = Counter(re.findall("<figcaption>(.*?)</figcaption>", text))
    needed = Counter(one.caption for one in drawings)
    return [
        one.name for one in drawings if captions[one.caption] >= needed[one.caption]
    ]


def test_everything_that_is_drawn_of_a_run_is_on_its_page(tmp_path):
    run = made_runs.make(tmp_path, NAMES)
    groups = Superclasses(("pets", "others"), (0, 0, 1))
    text = report.write_run(tmp_path, images=images(), superclasses=groups).read_text(
        encoding="utf-8"
    )
    about = replace(finished.read(run), images=images(), superclasses=groups)
    drawn = figures_of.of_run(about)
    assert figures(tmp_path) == {drawing.name for drawing in drawn}
    assert on_page(text, drawn) == [drawing.name for drawing in drawn]
    headings = re.findall("<h[23]>(.*?)</h[23]>", text)
    assert headings.index("Inside the layers") == headings.index("Training") + 1


def test_everything_that_is_drawn_of_a_study_is_on_its_page(tmp_path):
    make_study(tmp_path)
    text = report.write_study(tmp_path).read_text(encoding="utf-8")
    made_up = [f"{model}-{seed}" for model in ("ann", "basic_cnn") for seed in (0, 1)]
    groups = [group(tmp_path, made_up), group(tmp_path, ["other"])]
    drawn = [one for found in groups for one in figures_of.of_group(found)]
    assert figures(tmp_path) == {drawing.name for drawing in drawn}
    # The histories of the models stand side by side instead of one by one.
    drawn += [
        one
        for found in groups
        for run in found.shown()
        for one in figures_of.of_run(run)
        if one.name != "history"
    ]
    assert "layers" in {drawing.name for drawing in drawn}
    assert on_page(text, drawn) == [drawing.name for drawing in drawn]


def test_a_model_without_a_mistake_has_a_page(tmp_path):
    run = made_runs.make(tmp_path, NAMES)
    labels, _ = run.predictions()
    run.write_predictions(labels, np.eye(3, dtype=np.float32)[labels])
    text = report.write_run(tmp_path, images=images()).read_text(encoding="utf-8")
    assert "There is no mistake among the test images." in text
    assert figures(tmp_path) == {
        "history",
        "layers",
        "confusion",
        "samples",
        "predictions-right",
        "top-5",
    }


def test_the_same_run_gives_the_same_page(tmp_path):
    made_runs.make(tmp_path, NAMES)
    pages = [report.write_run(tmp_path, images=images()).read_bytes() for _ in "12"]
    assert pages[0] == pages[1]


def test_the_table_of_classes_is_scikit_learns_report(quick_study, tmp_path):
    from sklearn.metrics import classification_report

    run = Run.open(quick_study / "digits/ann/seed-0-quick")
    labels, probabilities = run.predictions()
    expected = classification_report(
        labels, probabilities.argmax(1), output_dict=True, zero_division=0
    )
    target = Run.create(tmp_path, run.record)
    for name in ("history.csv", "metrics.json", "predictions.npz"):
        target.path(name).write_bytes(run.path(name).read_bytes())
    text = report.write_run(tmp_path).read_text(encoding="utf-8")
    for digit in "0123456789":
        row = expected[digit]
        cells = [f"{row[key]:.3f}" for key in ("precision", "recall", "f1-score")]
        cells.append(f"{row['support']:.0f}")
        line = "".join(f'<td class="number">{cell}</td>' for cell in cells)
        assert f'<td class="text">{digit}</td>{line}' in text
    assert figures(tmp_path) >= OF_IMAGES


def make_study(folder: Path) -> None:
    for model in ("ann", "basic_cnn"):
        for seed in (0, 1):
            made_runs.make(
                folder / f"{model}-{seed}", NAMES, model=model, seed=seed, leak="leaks!"
            )
    made_runs.make(folder / "other", ["x", "y"], dataset="another", model="net")


def test_a_study_has_its_runs_side_by_side(tmp_path):
    make_study(tmp_path)
    said: list[str] = []
    page = report.write_study(tmp_path, say=said.append)
    assert len(said) == 5 and all(Path(path).is_file() for path in said)
    assert figures(tmp_path) == {
        f"{name}-{kind}"
        for name in ("made_up", "another")
        for kind in ("scores", "history")
    }
    found = Collector(page.read_text(encoding="utf-8"))
    links = [a["href"] for tag, a in found.tags if tag == "a"]
    runs = [link for link in links if not link.startswith("#")]
    assert runs == [
        f"./{name}/report.html"
        for name in ("ann-0", "ann-1", "basic_cnn-0", "basic_cnn-1", "other")
    ]
    assert all((tmp_path / link).is_file() for link in runs)
    assert "Note: leaks!" in found.text
    assert "5 runs on 2 data sets" in found.text
    for folder in ("ann-1", "basic_cnn-0", "other"):
        metrics = json.loads((tmp_path / folder / "metrics.json").read_text())
        assert f"{metrics['test_accuracy']:.4f}" in found.text


def test_runs_that_cannot_be_compared_stand_apart(tmp_path):
    made_runs.make(tmp_path / "a", NAMES)
    made_runs.make(tmp_path / "b", NAMES, protocol={"name": "holdout"})
    text = Collector(report.write_study(tmp_path).read_text(encoding="utf-8")).text
    assert "made_up (holdout)" in text
    assert figures(tmp_path) >= {"made_up-scores", "made_up-holdout-scores"}


def test_runs_that_did_not_finish_are_named(tmp_path):
    made_runs.make(tmp_path / "a", NAMES)
    Run.create(tmp_path / "b", {})
    text = Collector(report.write_study(tmp_path).read_text(encoding="utf-8")).text
    assert "1 run is not in it" in text and "this run did not finish" in text
    Run.create(tmp_path / "c", {})
    text = Collector(report.write_study(tmp_path).read_text(encoding="utf-8")).text
    assert "2 runs are not in it" in text


@pytest.mark.parametrize(
    ("datasets", "sentence"),
    [
        (["a"], "1 run."),
        (["a", "a"], "2 runs, side by side."),
        (["a", "a", "b"], "3 runs on 2 data sets, side by side."),
    ],
)
def test_a_study_says_how_many_runs_it_has(datasets, sentence, tmp_path):
    for index, dataset in enumerate(datasets):
        made_runs.make(tmp_path / str(index), NAMES, dataset=dataset, seed=index)
    text = report.write_study(tmp_path).read_text(encoding="utf-8")
    assert f"<p>{sentence}</p>" in text


def test_two_protocols_are_one_data_set(tmp_path):
    made_runs.make(tmp_path / "a", NAMES)
    made_runs.make(tmp_path / "b", NAMES, protocol={"name": "holdout"})
    text = report.write_study(tmp_path).read_text(encoding="utf-8")
    assert "<p>2 runs, side by side.</p>" in text


def make_seeds(folder: Path, seeds: dict[str, list[int]]) -> dict[str, list[float]]:
    """Make runs of models and seeds; returns the accuracies, unlike one another."""
    accuracies: dict[str, list[float]] = {}
    for model, numbers in seeds.items():
        for seed in numbers:
            run = made_runs.make(
                folder / f"{model}-{seed}", NAMES, model=model, seed=seed
            )
            found = accuracies.setdefault(model, [])
            found.append(0.5 + 0.01 * seed)
            run.write_json(
                "metrics.json", {**run.metrics(), "test_accuracy": found[-1]}
            )
    return accuracies


def test_seeds_are_in_order_wherever_their_folders_are(tmp_path):
    make_seeds(tmp_path, {"net": [10, 2], "ann": [10, 2]})
    (tmp_path / "net-10").rename(tmp_path / "a-net-10")
    page = report.write_study(tmp_path)
    text = page.read_text(encoding="utf-8")
    rows = re.findall(r'">(\w+)</a></td><td class="number">(\d+)</td>', text)
    assert rows == [("ann", "2"), ("ann", "10"), ("net", "2"), ("net", "10")]
    assert "<summary>net, seed 2 (one of 2), 52.00%: " in text


def test_a_page_says_where_one_seed_is_shown_and_where_the_mean(tmp_path):
    make_seeds(tmp_path, {"ann": [0, 2], "net": [0, 2]})
    text = report.write_study(tmp_path).read_text(encoding="utf-8")
    seen = Collector(text).text
    assert "Each bar is the mean of 2 seeds, each dot one of them." in seen
    # Of the curves, of the scores class by class.
    assert seen.count("One seed of each model is shown: seed 0 (one of 2).") == 2
    assert '<th class="number">net, seed 0</th>' in text
    for model in ("ann", "net"):
        assert f"<summary>{model}, seed 0 (one of 2), 50.00%: " in text
    assert seen.count("Seed 0 (one of 2): test accuracy 50.00%, ") == 2
    assert seen.count("Mean of 2 seeds: test accuracy 51.00%, ") == 2


def test_curves_are_named_after_their_seeds_where_there_are_several(tmp_path):
    make_seeds(tmp_path, {"ann": [3, 4], "net": [0]})
    found = group(tmp_path, ["ann-3", "ann-4", "net-0"])
    assert list(found.trainings()) == ["ann, seed 3", "net, seed 0"]
    assert list(group(tmp_path, ["ann-3", "net-0"]).trainings()) == [
        "ann",
        "net",
    ]


def test_models_may_have_different_numbers_of_seeds(tmp_path):
    make_seeds(tmp_path, {"ann": [1, 3, 4], "net": [0]})
    text = report.write_study(tmp_path).read_text(encoding="utf-8")
    assert "Each bar is the mean of 1 to 3 seeds, each dot one of them." in text
    assert "is shown: ann seed 1 (one of 3), net seed 0 (the only one)." in text
    assert "<summary>net, seed 0 (the only one), 50.00%: " in text
    assert text.count("Mean of ") == 1


def test_where_each_model_has_one_seed_none_is_singled_out(tmp_path):
    make_seeds(tmp_path, {"ann": [0], "net": [0]})
    text = Collector(report.write_study(tmp_path).read_text(encoding="utf-8")).text
    assert "net, 50.00%: " in text and "Test accuracy 50.00%, " in text
    assert not any(
        word in text for word in ("One seed", "(one of", "Mean of", "seed 0")
    )


def test_runs_of_the_same_seed_are_runs(tmp_path):
    for folder, seed in (("a", 0), ("b", 0), ("c", None)):
        made_runs.make(tmp_path / folder, NAMES, seed=seed)
    text = report.write_study(tmp_path).read_text(encoding="utf-8")
    assert "Each bar is the mean of 3 runs" in text and "None" not in text


def test_data_sets_whose_names_become_one_have_figures_of_their_own(tmp_path):
    for index, name in enumerate(("a b", "a/b")):
        made_runs.make(tmp_path / str(index), NAMES, dataset=name)
    report.write_study(tmp_path)
    assert figures(tmp_path) == {
        "a-b-0-scores",
        "a-b-0-history",
        "a-b-1-scores",
        "a-b-1-history",
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_from_outside_becomes_a_tag_or_a_script(text, tmp_path):
    made_runs.make(
        tmp_path / "run",
        [text, "b", "c"],
        dataset=text,
        model=text,
        seed=text,
        leak=text,
        started=text,
        environment={"processor": text, "python": text},
    )
    Run.create(tmp_path / "unfinished", {"format": 1})
    plain = tmp_path / "plain"
    made_runs.make(
        plain, ["x", "b", "c"], dataset="x", model="x", seed="x", leak="x", started="x"
    )
    Run.open(plain)
    hostile = report.write_run(tmp_path / "run", images=images())
    harmless = report.write_run(plain, images=images())
    tags = [
        [tag for tag, _ in Collector(page.read_text(encoding="utf-8")).tags]
        for page in (hostile, harmless)
    ]
    assert tags[0] == tags[1]
    study = Collector(report.write_study(tmp_path).read_text(encoding="utf-8"))
    events = [
        name for _, attributes in study.tags for name in attributes if name[:2] == "on"
    ]
    assert events == [] and "script" not in [tag for tag, _ in study.tags]
    assert text in study.text


def test_the_page_allows_no_script_when_it_has_none(tmp_path):
    made_runs.make(tmp_path, NAMES)
    text = report.write_run(tmp_path).read_text(encoding="utf-8")
    assert "default-src 'none'" in text and "script-src 'none'\"" in text
    assert "<script" not in text
    assert "pip install -e '.[report]'" in text


def test_the_command_writes_pages_of_runs_and_of_the_study(tmp_path, capsys):
    make_study(tmp_path)
    assert main(["report", str(tmp_path)]) == 0
    pages = capsys.readouterr().out.split()
    assert len(pages) == 6 and all(os.path.isfile(page) for page in pages)
    assert pages[-1] == str(tmp_path / "report.html")


def test_the_command_shows_the_images_asked_for(quick_study, tmp_path, capsys):
    run = Run.open(quick_study / "digits/ann/seed-0-quick")
    for path in run.folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    assert main(["report", str(tmp_path), "--images", "3,17"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'report.html'}\n"
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Test images 3, 17. Green" in text
    assert main(["report", str(tmp_path), "--images", "355"]) == 1
    assert "expected test images of 0 to 354" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["-1", "x", "1,", ""])
def test_images_that_are_no_numbers_are_refused(text, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["report", str(tmp_path), f"--images={text}"])
    assert "expected a list such as 3,17" in capsys.readouterr().err


def test_a_folder_without_runs_is_an_error(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 1
    assert "there is no run in it" in capsys.readouterr().err
    Run.create(tmp_path / "unfinished", {})
    with pytest.raises(CheckpointError, match=r"no complete run in it.*did not finish"):
        report.write_study(tmp_path)


def test_a_study_ends_with_its_report(tmp_path, capsys, monkeypatch):
    written = []

    def write(folder, say):
        written.append(folder)
        return folder / "report.html"

    monkeypatch.setattr(report, "write_study", write)
    words = ["run", "--quick", "--model", "ann", "--epochs", "1", "--verbose", "0"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    assert written == [tmp_path]
    assert capsys.readouterr().out.endswith(f"report: {tmp_path / 'report.html'}\n")


def test_a_later_command_reports_the_earlier_runs_too(tmp_path, capsys):
    make_study(tmp_path)
    report.write_study(tmp_path)
    words = ["run", "--quick", "--model", "ann", "--epochs", "1", "--verbose", "0"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "6 runs on 3 data sets, side by side." in text
    assert figures(tmp_path) == {
        f"{name}-{kind}"
        for name in ("made_up", "another", "digits-quick")
        for kind in ("scores", "history")
    }
