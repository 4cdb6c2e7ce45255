from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from experiments import records, validate, validation_text
from experiments.__main__ import main
from experiments.judgement import EQUIVALENT, FAILURE, INCONCLUSIVE
from experiments.protocol import STUDY
from experiments.records import Key
from scratchnet.foundation.errors import CheckpointError
from tests.experiments.made_records import ACCURACIES, PARAMETERS, write, write_study


@pytest.fixture
def folders(tmp_path):
    """Folders in which both sides have three equal runs of each model."""
    for name in ("keras", "scratchnet"):
        write_study(tmp_path / name, name)
    return tmp_path / "keras", tmp_path / "scratchnet"


def compare(folders, **words):
    words.setdefault("benchmark", folders[0] / "no benchmark")
    return validate.compare(*folders, **words)


def entry(document, dataset="fashion_mnist", model="ann"):
    (found,) = (
        found
        for found in document["models"]
        if (found["dataset"], found["model"]) == (dataset, model)
    )
    return found


def command(folders, *words):
    reference, results = map(str, folders)
    words = ["validate", "--reference", reference, "--results", results, *words]
    return main(words)


def test_all_six_models_are_judged(folders):
    document = compare(folders)
    assert {(e["dataset"], e["model"]) for e in document["models"]} == set(PARAMETERS)
    assert validate.verdicts(document) == [EQUIVALENT] * 6
    assert command(folders) == command(folders, "--strict") == 0


@pytest.mark.parametrize("by", [-0.1, 0.1])
def test_one_failure_is_a_failure(by, folders, capsys):
    write(folders[1], "scratchnet", [value + by for value in ACCURACIES])
    document = compare(folders)
    assert validate.verdicts(document) == [FAILURE] + [EQUIVALENT] * 5
    assert command(folders) == 1
    word = "better" if by > 0 else "worse"
    assert f"failure: scratchnet is {word} than Keras" in capsys.readouterr().out


def test_margins_are_one_point_and_two(folders):
    for dataset in ("fashion_mnist", "cifar100"):
        higher = [value + 0.0165 for value in ACCURACIES]
        write(folders[1], "scratchnet", higher, dataset=dataset)
    document = compare(folders)
    assert entry(document)["judgement"]["verdict"] == FAILURE
    # 1.65 points, and the interval's half is 0.45.
    assert entry(document, "cifar100")["judgement"]["verdict"] == INCONCLUSIVE
    wide = [0.40, 0.41, 0.405]
    for folder, name in zip(folders, ("keras", "scratchnet"), strict=True):
        for dataset in ("fashion_mnist", "cifar100"):
            write(folder, name, wide, dataset=dataset)
    document = compare(folders)
    assert entry(document)["judgement"]["verdict"] == INCONCLUSIVE
    assert entry(document, "cifar100")["judgement"]["verdict"] == EQUIVALENT


def test_inconclusive_asks_for_seeds_on_both_sides(folders, capsys):
    write(folders[1], "scratchnet", [value + 0.007 for value in ACCURACIES])
    assert command(folders) == 0
    out = capsys.readouterr().out
    needed = entry(compare(folders))["judgement"]["needed"]
    assert f"Train seeds 0 to {needed - 1} on both sides" in out
    assert (
        "python -m experiments.keras_reference --dataset fashion_mnist --models ann "
        f"--seeds {needed}\n" in out
    )
    assert (
        "python -m experiments run --dataset fashion_mnist --model ann "
        f"--seeds {needed} --record\n" in out
    )
    assert command(folders, "--strict") == 1


def test_without_any_run_everything_is_inconclusive(tmp_path, capsys):
    missing = tmp_path / "a", tmp_path / "b"
    assert command(missing) == 0
    assert command(missing, "--strict") == 1
    out = capsys.readouterr().out
    assert out.count("inconclusive: both sides need the seeds 0 to 2") == 12
    assert "No runs yet" in out


@pytest.mark.parametrize("side", [0, 1])
def test_a_missing_model_is_inconclusive(side, folders):
    for path in folders[side].glob("cifar100-deeper_cnn-*"):
        path.unlink()
    found = entry(compare(folders), "cifar100", "deeper_cnn")
    assert found["judgement"]["verdict"] == INCONCLUSIVE
    assert found["judgement"]["needed"] == 3


def test_one_seed_is_shown_without_a_spread(tmp_path):
    folders = tmp_path / "keras", tmp_path / "scratchnet"
    write(folders[0], "keras", [0.4])
    document = compare(folders)
    assert entry(document)["sides"]["keras"]["test_accuracy"] == {
        "mean": 0.4,
        "deviation": None,
    }
    assert "40.00 |" in validation_text.table(document)


def test_seeds_other_than_the_first_ones_are_not_judged(tmp_path):
    folders = tmp_path / "keras", tmp_path / "scratchnet"
    for folder in folders:
        write(folder, folder.name, first_seed=5)
    assert entry(compare(folders))["judgement"]["verdict"] == INCONCLUSIVE


def test_a_side_that_is_ahead_waits_for_the_other(folders):
    for folder, library in zip(folders, ("keras", "scratchnet"), strict=True):
        write(folder, library, [0.394, 0.402, 0.410])  # too wide to be judged by three
    needed = entry(compare(folders))["judgement"]["needed"]
    later = [0.9 + seed / 1000 for seed in range(3, needed)]
    write(folders[0], "keras", later, first_seed=3)
    document = compare(folders)
    found = entry(document)
    assert found["judgement"]["verdict"] == INCONCLUSIVE
    assert found["judgement"]["seeds"] == 3
    assert found["sides"]["keras"]["runs"] == 3
    assert found["sides"]["keras"]["test_accuracy"]["mean"] == pytest.approx(0.402)
    assert f"3 of {needed}" in validation_text.table(document)
    write(folders[1], "scratchnet", later, first_seed=3)
    assert entry(compare(folders))["judgement"]["seeds"] == needed


def test_a_model_that_is_done_is_not_judged_again(folders):
    before = entry(compare(folders))["judgement"]
    assert before["verdict"] == EQUIVALENT
    for folder, library, accuracy in zip(
        folders, ("keras", "scratchnet"), (0.9, 0.4), strict=True
    ):
        write(folder, library, [accuracy] * 17, first_seed=3)
    assert entry(compare(folders))["judgement"] == before


@pytest.mark.parametrize("name", ["test_accuracy", "test_loss"])
@pytest.mark.parametrize("side", [0, 1])
def test_a_run_that_diverged_is_a_failure_and_can_be_shown(side, name, folders, capsys):
    library = ("keras", "scratchnet")[side]
    write(folders[side], library, [0.402], first_seed=1, **{name: math.nan})
    found = entry(compare(folders))
    assert found["judgement"]["verdict"] == FAILURE
    assert f"the {name} of seed 1 is not a number" in found["judgement"]["reason"]
    assert found["sides"][library][name] == {"mean": None, "deviation": None}
    assert command(folders) == command(folders, "--json") == 1
    assert "nan" not in capsys.readouterr().out


def test_different_models_are_a_failure(folders):
    write(folders[1], "scratchnet", parameters=109_387)
    found = entry(compare(folders))["judgement"]
    assert found["verdict"] == FAILURE
    assert "109,386 and 109,387 parameters" in found["reason"]


def test_two_seeds_with_the_same_history_are_a_failure(folders):
    write(folders[1], "scratchnet", history={"val_loss": [2.0, 1.5]})
    found = entry(compare(folders))["judgement"]
    assert found["verdict"] == FAILURE
    assert "scratchnet: seeds 0 and 1 are one and the same run" in found["reason"]


def test_other_data_are_named(folders, capsys):
    data = {"source": "x", "level": None, "sha256": {"train": "01"}}
    write(folders[1], "scratchnet", data=data)
    assert command(folders) == 0
    assert capsys.readouterr().out.count("Not all of its runs were trained on") == 1
    assert command(folders, "--markdown") == 0
    legend = capsys.readouterr().out
    assert (
        legend.count("Not all runs of Fashion-MNIST ANN were trained on the same") == 1
    )


def test_records_of_the_other_library_are_refused(folders):
    write(folders[0], "scratchnet")
    with pytest.raises(CheckpointError, match="expected a run of keras"):
        compare(folders)


def test_records_with_other_settings_are_refused(folders, capsys):
    key = Key("fashion_mnist", "ann", 0, replace(STUDY, epochs=3))
    record = records.read(key.path(folders[0]))
    for name in key.fields():
        del record[name]
    records.write(folders[0], key, record)
    assert command(folders) == 1
    assert "other settings than the study's" in capsys.readouterr().err


def test_orders_of_the_images_are_not_mixed(folders, capsys):
    order = records.SAME_ORDER
    write(folders[0], "keras", (0.4,), first_seed=3, order=order)
    assert command(folders) == 1
    assert "met their images in different orders" in capsys.readouterr().err
    write(folders[0], "keras", (0.4, 0.402, 0.404), order=order)
    document = compare(folders)
    assert entry(document)["order_in_keras"] == order
    assert order in validation_text.legend(document)


def test_a_damaged_record_is_an_error(folders, capsys):
    (folders[1] / "cifar100-ann-seed-2.json").write_text("{")
    assert command(folders) == 1
    assert "cifar100-ann-seed-2.json: can't be read" in capsys.readouterr().err


def test_quick_runs_and_locks_are_passed_over(folders):
    before = compare(folders)
    (folders[0] / ".fashion_mnist-ann-seed-9.lock").touch()
    key = Key("fashion_mnist", "ann", 9, STUDY, quick=True)
    record = records.read(folders[0] / "fashion_mnist-ann-seed-0.json")
    for name in key.fields():
        del record[name]
    records.write(folders[0], key, record)
    assert compare(folders) == before


def test_means_and_spreads(folders):
    side = entry(compare(folders))["sides"]["keras"]
    assert side["test_accuracy"]["mean"] == pytest.approx(0.402)
    assert side["test_accuracy"]["deviation"] == pytest.approx(0.002)
    assert side["epochs_to_best"] == {"mean": 2, "deviation": 0}
    assert side["seconds_per_epoch"] is None


def benchmark(folder, *, quick=False):
    """Write what `benchmarks.epoch` would."""
    libraries = {
        name: {"seconds_per_epoch": {"median": seconds}}
        for name, seconds in (("keras", 12.5), ("scratchnet", 2.5))
    }
    machine = {"command": "the command", "cpu": "a processor", "threads": 2}
    document = {
        "quick": quick,
        "machine": {**machine, "versions": {"keras": "3"}},
        "cases": {"fashion_ann": {"libraries": libraries}},
    }
    path = folder / "epoch.json"
    path.write_text(json.dumps(document))
    return path


def test_seconds_are_those_of_the_benchmark_where_it_has_them(folders, tmp_path):
    document = compare(folders, benchmark=benchmark(tmp_path))
    assert entry(document)["sides"]["keras"]["seconds_per_epoch"] == 12.5
    other = entry(document, "cifar100")["sides"]["scratchnet"]
    assert other["seconds_per_epoch"] is None
    assert document["seconds"]["threads"] == 2
    table = validation_text.table(document)
    assert " 12.50 |" in table
    assert "`the command`, 2 threads, a processor" in validation_text.legend(document)


def test_a_quick_benchmark_measures_nothing(folders, tmp_path):
    document = compare(folders, benchmark=benchmark(tmp_path, quick=True))
    assert document["seconds"] is None
    assert entry(document)["sides"]["keras"]["seconds_per_epoch"] is None


def test_published_figures_stand_beside_them(folders):
    sides = entry(compare(folders), "cifar100", "basic_cnn")["sides"]
    assert sides["notebook"]["continued"] is True
    assert sides["notebook"]["test_accuracy"]["mean"] == 0.3635
    assert sides["earlier"]["test_accuracy"]["mean"] == 0.3285
    assert sides["earlier"]["epochs_to_best"]["mean"] == 13


def test_published_figures_name_their_source_and_fit_the_models():
    published = json.loads(validate.PUBLISHED.read_text(encoding="utf-8"))
    for who in ("notebook", "earlier"):
        assert published[who]["source"]
        found = {(r["dataset"], r["model"]): r for r in published[who]["runs"]}
        assert {name: run["parameters"] for name, run in found.items()} == PARAMETERS
        assert len(published[who]["runs"]) == 6
        assert all(0 <= r["best_epoch"] < r["epochs"] <= 30 for r in found.values())


def test_json_is_the_document(folders, capsys):
    assert command(folders, "--json") == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    # With the seconds of the benchmark that is there, if there is one.
    assert found["models"] == validate.compare(*folders)["models"]
    assert any(note.startswith("notebook: CIFAR-100") for note in found["notes"])


def test_markdown_is_the_table_and_its_legend(folders, capsys):
    assert command(folders, "--markdown") == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 2 + 6 * 4
    assert {row.count("|") for row in rows} == {len(validation_text.HEADER) + 1}
    assert lines[len(rows)] == "" and len(lines) == len(rows) + 2
    assert "| Fashion-MNIST ANN        | scratchnet     |" in rows[3]
    assert "40.20 ± 0.20" in rows[3] and "equivalent |" in rows[3]
    assert "+0.00 [−0.45, +0.45]" in rows[3]


def test_json_and_markdown_exclude_each_other(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["validate", "--json", "--markdown"])
    assert stop.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
