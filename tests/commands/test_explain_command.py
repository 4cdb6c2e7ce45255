from __future__ import annotations

import re

import finished_run
import numpy as np
import pytest

from scratchnet import datasets, explain, explain_gradient, kernels
from scratchnet.commands import cli


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return finished_run.make(tmp_path_factory.mktemp("runs") / "run")


def digit(number: int, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
    _, (x, y) = datasets.digits.load_data()
    return x[number : number + count, ..., None], y[number : number + count]


def test_it_prints_what_the_function_gives(run, capsys):
    words = ["conv", "--element", "3,4,2", "--sample", "5"]
    assert cli.main(["explain", str(run.folder), *words]) == 0
    printed = capsys.readouterr().out
    expected = explain(run.model(), digit(5)[0], "conv", (3, 4, 2))
    assert printed == f"{expected}\n"
    assert printed.startswith("Output [3, 4, 2] of Conv2D 'conv'")
    assert len(re.findall(r" × kernel\[\d, \d, 0, 2\] ", printed)) == 9
    assert "DISAGREES" not in printed and "agrees" in printed


def test_a_gradient(run, capsys):
    words = ["conv", "--gradient", "kernel", "--element", "0,1,0,3", "--rows", "4"]
    assert cli.main(["explain", str(run.folder), *words]) == 0
    x, y = digit(0)
    expected = explain_gradient(
        run.model(), x, y, "conv", "kernel", (0, 1, 0, 3), rows=4
    )
    assert capsys.readouterr().out == f"{expected}\n"


def test_in_training_the_batch_counts(run, capsys):
    words = ["norm", "--sample", "3", "--training", "6", "--element", "0,0,1"]
    assert cli.main(["explain", str(run.folder), *words]) == 0
    x, _ = digit(3, 6)
    expected = explain(run.model(), x, "norm", (0, 0, 1), training=True)
    printed = capsys.readouterr().out
    assert printed == f"{expected}\n"
    assert "mean[1]" in printed


def test_without_a_layer_it_says_which_there_are(run, capsys):
    assert cli.main(["explain", str(run.folder)]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("rescaling", "conv", "pool", "out"))


def test_a_rung_is_used_and_then_put_back(run, monkeypatch, capsys):
    before, seen = kernels.get_rung(), []
    operation = kernels.OPERATIONS["convolution_forward"]
    reference = operation.rungs["reference"]

    def watched(*arguments):
        seen.append(kernels.get_rung())
        reference(*arguments)

    monkeypatch.setitem(operation.rungs, "reference", watched)
    words = ["conv", "--rung", "reference"]
    assert cli.main(["explain", str(run.folder), *words]) == 0
    assert set(seen) == {"reference"}
    assert kernels.get_rung() == before


def test_a_wrong_kernel_is_status_1(run, monkeypatch, capsys):
    operation = kernels.OPERATIONS["convolution_forward"]
    rung = list(operation.rungs)[-1]
    right = operation.rungs[rung]

    def wrong(*arguments):
        right(*arguments)
        arguments[3][...] += 1

    monkeypatch.setitem(operation.rungs, rung, wrong)
    assert cli.main(["explain", str(run.folder), "conv"]) == 1
    assert "DISAGREES" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["cnov"], 2, "expected one of"),
        (["conv", "--element", "1,2"], 2, "inside of (26, 26, 4), received (1, 2)"),
        (["conv", "--sample", "9999"], 2, "expected a test image from 0 to"),
        (["pool", "--gradient", "kernel"], 2, "expected a gradient of x"),
        (["conv", "--weights", "last"], 1, "last.npz"),
    ],
)
def test_what_is_not_there(words, status, said, run, capsys):
    assert cli.main(["explain", str(run.folder), *words]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("scratchnet explain: ") and said in captured.err


def test_no_run_and_no_data_set_of_scratchnets(tmp_path, capsys):
    assert cli.main(["explain", str(tmp_path), "conv"]) == 1
    assert "is no run's folder" in capsys.readouterr().err
    other = finished_run.make(tmp_path / "other", dataset="my_own")
    assert cli.main(["explain", str(other.folder), "conv"]) == 1
    assert "names no data set of scratchnet's" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--element", "a,b"], ["--element", "-1"], ["--sample", "x"]]
)
def test_options_that_make_no_sense_are_refused(words, run, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["explain", str(run.folder), "conv", *words])
    assert stopped.value.code == 2
    assert words[0] in capsys.readouterr().err
