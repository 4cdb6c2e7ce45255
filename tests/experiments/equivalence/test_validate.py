from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from experiments.__main__ import main
from experiments.equivalence import records, validate, validation_text
from experiments.equivalence.judgement import EQUIVALENT, FAILURE, INCONCLUSIVE
from experiments.protocol import SAME_ORDER, STUDY, Trial
from scratchnet.foundation.errors import CheckpointError
from tests.experiments.equivalence.made_records import (
    ACCURACIES,
    PARAMETERS,
    as_made,
    write,
    write_study,
)


@pytest.fixture
def paths(tmp_path):
    """Files in which both sides have three equal runs of each model."""
    paths = tmp_path / "keras.jsonl", tmp_path / "scratchnet.jsonl"
    for path in paths:
        write_study(path, path.stem)
    return paths


def compare(paths, **words):
    words.setdefault("benchmark", paths[0].with_name("no benchmark"))
    return validate.compare(*paths, **words)


def entry(document, dataset="fashion_mnist", model="ann"):
    (found,) = (
        found
        for found in document["models"]
        if (found["dataset"], found["model"]) == (dataset, model)
    )
    return found


def command(paths, *words):
    reference, results = map(str, paths)
    words = ["validate", "--reference", reference, "--results", results, *words]
    return main(words)


def test_all_six_models_are_judged(paths):
    document = compare(paths)
    assert {(e["dataset"], e["model"]) for e in document["models"]} == set(PARAMETERS)
    assert validate.verdicts(document) == [EQUIVALENT] * 6
    assert command(paths) == command(paths, "--strict") == 0


@pytest.mark.parametrize("by", [-0.1, 0.1])
def test_one_failure_is_a_failure(by, paths, capsys):
    write(paths[1], "scratchnet", [value + by for value in ACCURACIES])
    document = compare(paths)
    assert validate.verdicts(document) == [FAILURE] + [EQUIVALENT] * 5
    assert command(paths) == 1
    word = "better" if by > 0 else "worse"
    assert f"failure: scratchnet is {word} than Keras" in capsys.readouterr().out


def test_margins_are_one_point_and_two(paths):
    for dataset in ("fashion_mnist", "cifar100"):
        higher = [value + 0.0165 for value in ACCURACIES]
        write(paths[1], "scratchnet", higher, dataset=dataset)
    document = compare(paths)
    assert entry(document)["judgement"]["verdict"] == FAILURE
    # 1.65 points, and the interval's half is 0.45.
    assert entry(document, "cifar100")["judgement"]["verdict"] == INCONCLUSIVE
    wide = [0.40, 0.41, 0.405]
    for path, name in zip(paths, ("keras", "scratchnet"), strict=True):
        for dataset in ("fashion_mnist", "cifar100"):
            write(path, name, wide, dataset=dataset)
    document = compare(paths)
    assert entry(document)["judgement"]["verdict"] == INCONCLUSIVE
    assert entry(document, "cifar100")["judgement"]["verdict"] == EQUIVALENT


def test_inconclusive_asks_for_seeds_on_both_sides(paths, capsys):
    write(paths[1], "scratchnet", [value + 0.007 for value in ACCURACIES])
    assert command(paths) == 0
    out = capsys.readouterr().out
    needed = entry(compare(paths))["judgement"]["needed"]
    assert f"Train seeds 0 to {needed - 1} on both sides" in out
    assert (
        "python -m experiments.equivalence.keras_reference --dataset fashion_mnist "
        f"--models ann --seeds {needed}\n" in out
    )
    assert (
        "python -m experiments run --dataset fashion_mnist --model ann "
        f"--seeds {needed} --record\n" in out
    )
    assert command(paths, "--strict") == 1


def test_without_any_run_everything_is_inconclusive(tmp_path, capsys):
    missing = tmp_path / "a", tmp_path / "b"
    assert command(missing) == 0
    assert command(missing, "--strict") == 1
    out = capsys.readouterr().out
    assert out.count("inconclusive: both sides need the seeds 0 to 2") == 12
    assert "No runs yet" in out


@pytest.mark.parametrize("side", [0, 1])
def test_a_missing_model_is_inconclusive(side, paths):
    lines = paths[side].read_text().splitlines(keepends=True)
    others = [line for line in lines if '"cifar100", "model": "deeper_cnn"' not in line]
    assert len(others) == len(lines) - 3
    paths[side].write_text("".join(others))
    found = entry(compare(paths), "cifar100", "deeper_cnn")
    assert found["judgement"]["verdict"] == INCONCLUSIVE
    assert found["judgement"]["needed"] == 3


def test_one_seed_is_shown_without_a_spread(tmp_path):
    paths = tmp_path / "keras.jsonl", tmp_path / "scratchnet.jsonl"
    write(paths[0], "keras", [0.4])
    document = compare(paths)
    assert entry(document)["sides"]["keras"]["test_accuracy"] == {
        "mean": 0.4,
        "deviation": None,
    }
    assert "40.00 |" in validation_text.table(document)


def test_seeds_other_than_the_first_ones_are_not_judged(tmp_path):
    paths = tmp_path / "keras.jsonl", tmp_path / "scratchnet.jsonl"
    for path in paths:
        write(path, path.stem, first_seed=5)
    assert entry(compare(paths))["judgement"]["verdict"] == INCONCLUSIVE


def test_a_side_that_is_ahead_waits_for_the_other(paths):
    for path, library in zip(paths, ("keras", "scratchnet"), strict=True):
        write(path, library, [0.394, 0.402, 0.410])  # too wide to be judged by three
    needed = entry(compare(paths))["judgement"]["needed"]
    later = [0.9 + seed / 1000 for seed in range(3, needed)]
    write(paths[0], "keras", later, first_seed=3)
    document = compare(paths)
    found = entry(document)
    assert found["judgement"]["verdict"] == INCONCLUSIVE
    assert found["judgement"]["seeds"] == 3
    assert found["sides"]["keras"]["runs"] == 3
    assert found["sides"]["keras"]["test_accuracy"]["mean"] == pytest.approx(0.402)
    assert f"3 of {needed}" in validation_text.table(document)
    write(paths[1], "scratchnet", later, first_seed=3)
    assert entry(compare(paths))["judgement"]["seeds"] == needed


def test_a_model_that_is_done_is_not_judged_again(paths):
    before = entry(compare(paths))["judgement"]
    assert before["verdict"] == EQUIVALENT
    for path, library, accuracy in zip(
        paths, ("keras", "scratchnet"), (0.9, 0.4), strict=True
    ):
        write(path, library, [accuracy] * 17, first_seed=3)
    assert entry(compare(paths))["judgement"] == before


@pytest.mark.parametrize("name", ["test_accuracy", "test_loss"])
@pytest.mark.parametrize("side", [0, 1])
def test_a_run_that_diverged_is_a_failure_and_can_be_shown(side, name, paths, capsys):
    library = ("keras", "scratchnet")[side]
    write(paths[side], library, [0.402], first_seed=1, **{name: math.nan})
    found = entry(compare(paths))
    assert found["judgement"]["verdict"] == FAILURE
    assert f"the {name} of seed 1 is not a number" in found["judgement"]["reason"]
    assert found["sides"][library][name] == {"mean": None, "deviation": None}
    assert command(paths) == command(paths, "--json") == 1
    assert "nan" not in capsys.readouterr().out


def test_different_models_are_a_failure(paths):
    write(paths[1], "scratchnet", parameters=109_387)
    found = entry(compare(paths))["judgement"]
    assert found["verdict"] == FAILURE
    assert "109,386 and 109,387 parameters" in found["reason"]


def test_two_seeds_with_the_same_history_are_a_failure(paths):
    write(paths[1], "scratchnet", history={"val_loss": [2.0, 1.5]})
    found = entry(compare(paths))["judgement"]
    assert found["verdict"] == FAILURE
    assert "scratchnet: seeds 0 and 1 are one and the same run" in found["reason"]


def test_other_data_are_named(paths, capsys):
    data = {"source": "x", "level": None, "sha256": {"train": "01"}}
    write(paths[1], "scratchnet", data=data)
    assert command(paths) == 0
    assert capsys.readouterr().out.count("Not all of its runs were trained on") == 1
    assert command(paths, "--markdown") == 0
    legend = capsys.readouterr().out
    assert (
        legend.count("Not all runs of Fashion-MNIST ANN were trained on the same") == 1
    )


def test_records_of_the_other_library_are_refused(paths):
    write(paths[0], "scratchnet")
    with pytest.raises(CheckpointError, match="expected a run of keras"):
        compare(paths)


def test_records_with_other_settings_are_refused(paths, capsys):
    other = Trial("fashion_mnist", "ann", 0, replace(STUDY, epochs=3))
    records.write(paths[0], other, as_made(records.read(paths[0])[0]))
    assert command(paths) == 1
    assert "other settings than the study's" in capsys.readouterr().err


def test_orders_of_the_images_are_not_mixed(paths, capsys):
    order = SAME_ORDER
    write(paths[0], "keras", (0.4,), first_seed=3, order=order)
    assert command(paths) == 1
    assert "met their images in different orders" in capsys.readouterr().err
    write(paths[0], "keras", (0.4, 0.402, 0.404), order=order)
    document = compare(paths)
    assert entry(document)["order_in_keras"] == order
    assert order in validation_text.legend(document)


def test_a_damaged_record_is_an_error(paths, capsys):
    paths[1].write_text("{")
    assert command(paths) == 1
    assert "scratchnet.jsonl: line 1: can't be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "other",
    [
        Trial("fashion_mnist", "ann", 9, STUDY, quick=True),
        Trial("digits", "ann", 0, STUDY),
    ],
)
def test_quick_runs_and_those_of_other_data_are_passed_over(other, paths):
    before = compare(paths)
    records.write(paths[0], other, as_made(records.read(paths[0])[0]))
    assert compare(paths) == before


def test_means_and_spreads(paths):
    side = entry(compare(paths))["sides"]["keras"]
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


def test_seconds_are_those_of_the_benchmark_where_it_has_them(paths, tmp_path):
    document = compare(paths, benchmark=benchmark(tmp_path))
    assert entry(document)["sides"]["keras"]["seconds_per_epoch"] == 12.5
    other = entry(document, "cifar100")["sides"]["scratchnet"]
    assert other["seconds_per_epoch"] is None
    assert document["seconds"]["threads"] == 2
    table = validation_text.table(document)
    assert " 12.50 |" in table
    assert "`the command`, 2 threads, a processor" in validation_text.legend(document)


def test_a_quick_benchmark_measures_nothing(paths, tmp_path):
    document = compare(paths, benchmark=benchmark(tmp_path, quick=True))
    assert document["seconds"] is None
    assert entry(document)["sides"]["keras"]["seconds_per_epoch"] is None


def test_published_figures_stand_beside_them(paths):
    sides = entry(compare(paths), "cifar100", "basic_cnn")["sides"]
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


def test_json_is_the_document(paths, capsys):
    assert command(paths, "--json") == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    # With the seconds of the benchmark that is there, if there is one.
    assert found["models"] == validate.compare(*paths)["models"]
    assert any(note.startswith("notebook: CIFAR-100") for note in found["notes"])


def test_markdown_is_the_table_and_its_legend(paths, capsys):
    assert command(paths, "--markdown") == 0
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
