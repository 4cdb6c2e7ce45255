from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import scratchnet
from scratchnet import Input, Sequential, kernels, layers
from scratchnet.foundation.errors import CheckpointError
from scratchnet.runs.run import (
    DRAWN,
    FIGURES,
    FORMAT,
    PAGE,
    RESULTS,
    Run,
    drawn_figures,
    environment,
    source_digest,
)


def small_model() -> Sequential:
    return Sequential(
        [
            Input((6, 6, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(2, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ],
        name="small",
    )


@pytest.fixture
def model() -> Sequential:
    model = small_model()
    rng = np.random.default_rng(0)
    model.set_weights([rng.random(w.shape) for w in model.get_weights()])
    return model


@pytest.fixture
def run(tmp_path, model) -> Run:
    run = Run.create(tmp_path / "a" / "run", {"model": {"config": model.get_config()}})
    model.save_weights(run.path("best.npz"))
    return run


def test_create_makes_the_folder_and_says_the_format(run):
    assert json.loads((run.folder / "run.json").read_text())["format"] == FORMAT
    assert run.record["format"] == FORMAT
    assert not run.complete


def test_open_reads_what_create_wrote(run):
    found = Run.open(str(run.folder))
    assert found.folder == run.folder
    # JSON has no tuples: those of the configuration come back as lists.
    assert found.record == json.loads(json.dumps(run.record))


def test_names_of_any_script_survive(tmp_path):
    Run.create(tmp_path, {"class_names": ["Ärmel", "鞄", 'a"b']})
    assert Run.open(tmp_path).record["class_names"] == ["Ärmel", "鞄", 'a"b']


def test_create_removes_the_results_of_an_earlier_run_and_nothing_else(tmp_path):
    (tmp_path / FIGURES).mkdir()
    figures = tmp_path / FIGURES
    own = [tmp_path / "notes.txt", figures / "notes.txt", figures / "my_plot.png"]
    for path in (*map(tmp_path.joinpath, (*RESULTS, PAGE)), *own):
        path.write_text("old")
    (figures / "history.png").write_text("old")
    (figures / DRAWN).write_text('["history.png"]')
    run = Run.create(tmp_path, {})
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {tmp_path / "run.json", *own}
    assert all(path.read_text() == "old" for path in own)
    assert not run.complete


@pytest.mark.parametrize(
    "damaged",
    [None, "", "[", '"a.png"', '{"a.png": 1}', "[1]", '["../a.png", "/a.png"]', "7"],
)
def test_a_figure_that_no_list_names_is_the_users_own(damaged, tmp_path):
    for folder in (tmp_path, tmp_path / FIGURES):
        folder.mkdir(exist_ok=True)
        (folder / "a.png").write_text("mine")
    if damaged is not None:
        (tmp_path / FIGURES / DRAWN).write_text(damaged)
    assert drawn_figures(tmp_path / FIGURES) == []


def test_create_where_a_file_is_in_the_way(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CheckpointError, match=r"can't hold a run.*another folder"):
        Run.create(tmp_path / "file", {})
    with pytest.raises(CheckpointError, match="can't hold a run"):
        Run.create(tmp_path / "file" / "run", {})
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_is_complete_once_metrics_are_written(run):
    with pytest.raises(CheckpointError, match="did not finish"):
        run.metrics()
    run.write_json("metrics.json", {"test_loss": 0.5})
    assert run.complete
    assert run.metrics() == {"test_loss": 0.5}


@pytest.mark.parametrize("other", [0, FORMAT + 1, "1", None])
def test_another_format_is_refused(other, run):
    (run.folder / "run.json").write_text(json.dumps({"format": other}))
    with pytest.raises(CheckpointError, match=f"expected a run of format {FORMAT}"):
        Run.open(run.folder)


@pytest.mark.parametrize("text", ["[]", "3", "null", "{}"])
def test_json_that_is_no_record_is_refused(text, run):
    (run.folder / "run.json").write_text(text)
    with pytest.raises(CheckpointError, match="expected a run of format"):
        Run.open(run.folder)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\x00", b"[" * 200_000, b'{"format": 1}}']
)
def test_damaged_json_is_refused(content, run):
    (run.folder / "run.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"run\.json: can't be read"):
        Run.open(run.folder)


def test_a_folder_without_a_run(tmp_path):
    with pytest.raises(CheckpointError, match=r"there is no run\.json"):
        Run.open(tmp_path)
    with pytest.raises(CheckpointError, match="is no run's folder"):
        Run.open(tmp_path / "missing")


def test_the_rebuilt_model_predicts_the_same_bits(run, model):
    x = np.random.default_rng(1).integers(0, 256, (9, 6, 6, 1), np.uint8)
    rebuilt = Run.open(run.folder).model()
    assert rebuilt.name == "small"
    assert [type(layer) for layer in rebuilt.layers] == [
        type(layer) for layer in model.layers
    ]
    expected = model.predict(x, verbose=0)
    assert rebuilt.predict(x, verbose=0).tobytes() == expected.tobytes()


def test_last_weights_are_another_file(run, model):
    model.set_weights([weight + 1 for weight in model.get_weights()])
    model.save_weights(run.path("last.npz"))
    best, last = run.model("best").get_weights(), run.model("last").get_weights()
    for one, other in zip(best, last, strict=True):
        np.testing.assert_array_equal(one + 1, other)


def test_missing_weights(run):
    with pytest.raises(CheckpointError, match=r"last\.npz"):
        run.model("last")


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"model": None},
        {"model": {"config": {}}},
        {"model": {"config": {"layers": [{"class_name": "Lambda", "config": {}}]}}},
        {
            "model": {
                "config": {"layers": [{"class_name": "Dense", "config": {"a": 1}}]}
            }
        },
    ],
)
def test_a_record_that_holds_no_model(record, tmp_path):
    with pytest.raises(CheckpointError, match=r"run\.json: no model can be made"):
        Run.create(tmp_path, record).model()


def test_history_is_read_back(run):
    run.path("history.csv").write_text("epoch,loss\r\n0,0.5\r\n1,nan\r\n")
    history = run.history()
    assert history["epoch"] == [0, 1]
    assert history["loss"][0] == 0.5 and np.isnan(history["loss"][1])


def test_history_of_no_epoch(run):
    run.path("history.csv").write_text("epoch,loss\r\n")
    assert run.history() == {"epoch": [], "loss": []}


@pytest.mark.parametrize(
    "text", [None, "", "epoch,loss\n0\n", "epoch,loss\n0,x\n", "epoch\n0,1\n"]
)
def test_a_history_that_cannot_be_read(text, run):
    if text is not None:
        run.path("history.csv").write_text(text)
    with pytest.raises(CheckpointError, match=r"history\.csv: can't be read"):
        run.history()


def test_predictions_are_read_back(run):
    labels = np.arange(5, dtype=np.uint8)
    probabilities = np.random.default_rng(0).random((5, 3), dtype=np.float32)
    run.write_predictions(labels, probabilities)
    read_labels, read_probabilities = run.predictions()
    assert read_labels.tobytes() == labels.tobytes()
    assert read_probabilities.tobytes() == probabilities.tobytes()
    assert read_probabilities.dtype == np.float32


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04", b"text"])
def test_predictions_that_cannot_be_read(content, run):
    if content is not None:
        run.path("predictions.npz").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"predictions\.npz: can't be read"):
        run.predictions()


def test_predictions_with_an_array_missing(run):
    np.savez(run.path("predictions.npz"), labels=np.zeros(3))
    with pytest.raises(CheckpointError, match="probabilities"):
        run.predictions()


def test_predictions_never_unpickle(run):
    labels = np.array([{"a": 1}], object)
    np.savez(run.path("predictions.npz"), labels=labels, probabilities=labels)
    with pytest.raises(CheckpointError, match="can't be read"):
        run.predictions()


def test_environment_is_plain_data_with_what_figures_depend_on():
    found = environment()
    assert json.loads(json.dumps(found)) == found
    assert found["numpy"] == np.__version__
    assert found["threads"] >= 1 and found["cores"] >= 1
    assert re.fullmatch(r".+ \(.+\)", found["processor"])
    assert found["rung"] in kernels.RUNGS
    assert found["source"] == source_digest(Path(scratchnet.__file__).parent)


def test_the_source_is_known_by_the_names_and_contents_of_its_files(tmp_path):
    package = tmp_path / "package"
    (package / "part").mkdir(parents=True)
    (package / "a.py").write_text("a = 1\n")
    before = source_digest(package)
    (package / "notes.txt").write_text("no code")
    assert source_digest(package) == before
    (package / "part" / "b.py").write_text("")
    with_part = source_digest(package)
    (package / "a.py").write_text("a = 2\n")
    assert len({before, with_part, source_digest(package)}) == 3
