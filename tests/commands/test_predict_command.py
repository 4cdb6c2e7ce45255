from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scratchnet.commands import cli
from scratchnet.runs.figure import MOST_PICTURES
from tests.runs.conftest import make_run  # noqa: F401 (a fixture)


@pytest.fixture
def run(make_run):  # noqa: F811
    return make_run()


@pytest.fixture
def images(tmp_path) -> list[str]:
    rng = np.random.default_rng(0)
    paths = [str(tmp_path / name) for name in ("first.png", "second.png")]
    for path in paths:
        Image.fromarray(rng.integers(0, 100, (28, 28), dtype=np.uint8)).save(path)
    return paths


def predict(*words: object) -> int:
    return cli.main(["predict", *map(str, words)])


def test_text(run, images, capsys):
    predict(run.folder, *images)
    capsys.readouterr()  # where nothing is compiled yet, that is announced once
    assert predict(run.folder, *images) == 0
    out, err = capsys.readouterr()
    assert err == ""
    heading, first, second = out.split("\n\n")
    assert heading == (
        "small, trained on fashion_mnist, best epoch (this run did not finish)"
    )
    model = run.model()
    for block, path in ((first, images[0]), (second, images[1])):
        lines = block.splitlines()
        assert lines[0] == path
        pixels = np.asarray(Image.open(path))[None, ..., None]
        row = model.predict(pixels, verbose=0)[0]
        order = np.argsort(-row)[:5]
        names = run.record["class_names"]
        assert lines[1:] == [f"  {row[i]:6.1%}  {names[i]}" for i in order]


def test_json(run, images, capsys):
    run.write_json("metrics.json", {"test_accuracy": 0.5})
    run.model().save_weights(run.path("last.npz"))
    words = (*images, "--json", "--top", 2, "--weights", "last")
    assert predict(run.folder, *words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["run"] == {
        "folder": str(run.folder),
        "model": "small",
        "data_set": "fashion_mnist",
        "seed": 3,
        "weights": "last",
        "finished": True,
        "test_accuracy": 0.5,
    }
    assert [answer["file"] for answer in found["pictures"]] == images
    row = run.model().predict(np.asarray(Image.open(images[0]))[None], verbose=0)[0]
    for answer in found["pictures"]:
        assert set(answer) == {"file", "steps", "hints", "guesses"}
        assert len(answer["guesses"]) == 2
    best = found["pictures"][0]["guesses"][0]
    assert best["probability"] == float(row.max())
    assert best["label"] == row.argmax()
    assert best["name"] == run.record["class_names"][row.argmax()]


def test_steps_and_hints_are_printed(run, images, tmp_path, capsys):
    shoe = np.full((60, 30, 3), 250, np.uint8)
    shoe[20:40, 10:20, 0] = 30
    Image.fromarray(shoe).save(tmp_path / "light.jpg")
    assert predict(run.folder, tmp_path / "light.jpg") == 0
    out = capsys.readouterr().out
    assert "\n  colour to grey" in out
    assert "\n  30x60 scaled to 14x28, and padded to 28x28" in out
    assert "\n  hint: its border is light" in out and "try --invert\n" in out
    assert predict(run.folder, tmp_path / "light.jpg", "--invert") == 0
    out = capsys.readouterr().out
    assert "\n  light and dark swapped\n" in out and "  hint: " not in out


def test_photographs_are_cropped_if_nothing_else_is_asked_for(
    make_run,  # noqa: F811
    tmp_path,
    capsys,
):
    run = make_run(shape=(32, 32, 3), dataset="cifar100")
    Image.fromarray(np.full((60, 30, 3), 250, np.uint8)).save(tmp_path / "a.png")
    assert predict(run.folder, tmp_path / "a.png") == 0
    assert "  the middle of 30x60 cut out" in capsys.readouterr().out
    assert predict(run.folder, tmp_path / "a.png", "--fit", "stretch") == 0
    assert "  30x60 scaled to 32x32\n" in capsys.readouterr().out


@pytest.mark.parametrize("as_json", [False, True])
def test_the_others_are_predicted_where_one_is_no_picture(
    as_json, run, images, tmp_path, capsys
):
    (tmp_path / "none.png").write_text("hello")
    words = [images[0], tmp_path / "none.png", images[1], *["--json"] * as_json]
    assert predict(run.folder, *words) == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"scratchnet predict: {tmp_path / 'none.png'}: expected a P")
    if as_json:
        first, fault, second = json.loads(out)["pictures"]
        assert set(fault) == {"file", "error"}
        assert first["file"], second["file"] == images
        assert first["guesses"] != second["guesses"]
    else:
        assert out.index(images[0]) < out.index(images[1]) and "none.png" not in out
    assert predict(run.folder, tmp_path / "none.png", "--figure", "f.png") == 1


def test_a_figure(run, images, tmp_path):
    assert predict(run.folder, *images, "--figure", tmp_path / "figure.png") == 0
    with Image.open(tmp_path / "figure.png") as figure:
        assert figure.size == (900, 460)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--figure", "figure.bmp"], "expected a name in .png, .svg, .pdf, received"),
        (["--figure", "figure"], "expected a name in .png, .svg, .pdf, received"),
        (["first.png"] * MOST_PICTURES + ["--figure", "f.png"], "at most 20 pictures"),
        (["--figure", "./first.png"], "first.png is one of the pictures"),
    ],
)
def test_a_figure_that_can_t_be(words, expected, run, images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = Path(images[0]).read_bytes()
    assert predict(run.folder, "first.png", *words) == 2
    assert Path(images[0]).read_bytes() == before


def test_a_figure_that_can_t_be_says_why(run, images, capsys):
    assert predict(run.folder, images[0], "--figure", "figure.bmp") == 2
    assert "expected a name in .png, .svg, .pdf" in capsys.readouterr().err


def test_a_figure_in_a_folder_that_is_not_there(run, images, tmp_path, capsys):
    assert predict(run.folder, *images, "--figure", tmp_path / "no" / "a.png") == 1
    assert "make the folder first" in capsys.readouterr().err


def test_what_is_no_run(run, images, tmp_path, capsys):
    assert predict(tmp_path / "nothing", *images) == 1
    assert "is no run's folder: there is no run.json" in capsys.readouterr().err
    assert predict(images[0], *images) == 1
    assert "is no run's folder" in capsys.readouterr().err
    assert predict(tmp_path / "runs", *images) == 1
    assert f"there are runs below it: {run.folder}" in capsys.readouterr().err
    run.write_json("run.json", {"format": 99})
    assert predict(run.folder, *images) == 1
    assert "expected a run of format 1, received 99" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"test', "can't be read: Unterminated string"),
        ("[]", r"expected names and numbers, found \[\]"),
        ('"fine"', "expected names and numbers, found 'fine'"),
    ],
)
def test_damaged_metrics(run, images, capsys, text, fault):
    run.path("metrics.json").write_text(text)
    assert predict(run.folder, *images) == 1
    out, err = capsys.readouterr()
    assert not out
    assert re.fullmatch(rf"scratchnet predict: .*metrics\.json: {fault}.*\n", err)


@pytest.mark.parametrize("dataset", ["digits", ["digits"], {"name": ["digits"]}, None])
def test_a_data_set_without_a_name(run, images, capsys, dataset):
    run.write_json("run.json", {**run.record, "dataset": dataset})
    assert predict(run.folder, *images, "--json") == 0
    assert json.loads(capsys.readouterr().out)["run"]["data_set"] is None


@pytest.mark.parametrize("words", [["--top", "0"], ["--top", "x"], ["--fit", "x"]])
def test_a_wrong_command_line(words, run, images):
    with pytest.raises(SystemExit) as stop:
        predict(run.folder, images[0], *words)
    assert stop.value.code == 2


def test_names_from_outside_can_t_steer_the_terminal(
    make_run,  # noqa: F811
    images,
    capsys,
):
    run = make_run(names=("\x1b[2Jred", "line\rover", "\u202eleft", "Ärmel"))
    assert predict(run.folder, images[0], "--top", "9") == 0
    out = capsys.readouterr().out
    assert not set("\x1b\r\u202e") & set(out)
    assert "?[2Jred" in out and "line?over" in out and "?left" in out


def test_a_terminal_that_knows_few_letters(make_run, images, monkeypatch, tmp_path):  # noqa: F811
    run = make_run(names=("Ärmel", "鞄"))
    with open(tmp_path / "out.txt", "w", encoding="ascii") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert predict(run.folder, images[0]) == 0
    assert "Armel" in (tmp_path / "out.txt").read_text()
