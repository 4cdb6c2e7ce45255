from __future__ import annotations

import argparse

import pytest

from scratchnet import kernels, layers, losses
from scratchnet.commands import gradcheck
from scratchnet.gradcheck import cases


def run(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="scratchnet")
    gradcheck.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["gradcheck", *words])
    return arguments.run(arguments)


def test_there_are_cases_for_every_layer_and_every_loss():
    models = {"residual_block", "nested_model", "shared_layer"}
    ours = {loss.__name__ for loss in losses.ALL.values()}
    assert set(cases.CASES) == {*layers.ALL, *ours, *models}
    for name, of_name in cases.CASES.items():
        assert of_name
        assert {case.make.__name__ for case in of_name} == {name}


@pytest.mark.slow
def test_everything_passes(capsys):
    assert run() == 0
    out = capsys.readouterr().out
    assert "all gradients agree" in out
    assert "FAILED" not in out
    for name in cases.CASES:
        assert out.count(f"\n{name} ") == 1  # its row of the table


@pytest.mark.parametrize("rung", kernels.RUNGS)
def test_a_rung_is_used_and_then_put_back(rung, monkeypatch, capsys):
    before, seen = kernels.get_rung(), []
    check = cases.Case.check

    def watched(self, seed):
        seen.append((kernels.get_rung(), seed))
        return check(self, seed)

    monkeypatch.setattr(cases.Case, "check", watched)
    assert run("Softmax", "--rung", rung, "--seed", "3") == 0
    assert seen == [(rung, 3)] * len(cases.CASES["Softmax"])
    assert kernels.get_rung() == before
    assert "all gradients agree" in capsys.readouterr().out


def test_layers_are_found_whatever_their_capitals_and_checked_once(capsys):
    assert run("relu", "ReLU", "meansquarederror") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines.count("ReLU") == 1
    assert lines.count("MeanSquaredError") == 1


def test_an_unknown_name_suggests_the_nearest(capsys):
    assert run("Dense", "MaxPoling2D") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "scratchnet gradcheck: unknown layer or loss 'MaxPoling2D'" in captured.err
    assert "did you mean 'MaxPooling2D'?" in captured.err


@pytest.mark.parametrize("words", [("--seed", "-1"), ("--seed", "x"), ("--rung", "x")])
def test_options_that_make_no_sense_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(*words)
    assert stopped.value.code == 2
    assert words[1] in capsys.readouterr().err


def test_a_wrong_kernel_fails_and_is_located(monkeypatch, capsys):
    """A weight gradient wrong by 0.05 % in one element, below the layer."""
    operation = kernels.convolution_backward_weight
    right = operation.run

    def wrong(x, dy, d_weight, d_bias, strides, pads):
        right(x, dy, d_weight, d_bias, strides, pads)
        d_weight[0, 0, -1, 0] *= 1.0005

    # The command selects a rung, so the fault has to be planted in all of them.
    monkeypatch.setattr(operation, "rungs", dict.fromkeys(operation.rungs, wrong))
    assert run("Conv2D", "ReLU") == 1
    out = capsys.readouterr().out
    assert "kernel: 1 of 54 elements checked are wrong: at (0, 0, 1, 0)" in out
    assert out.rstrip().endswith("FAILED: Conv2D")
    monkeypatch.undo()
    kernels.set_rung(kernels.get_rung())
    assert operation.run is right
