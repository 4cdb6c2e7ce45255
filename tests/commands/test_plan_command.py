from __future__ import annotations

import finished_run
import pytest

from scratchnet.commands.cli import main


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return finished_run.make(tmp_path_factory.mktemp("runs") / "run")


def operations(printed):
    return [line.split()[1] for line in printed.splitlines()[1:]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["gather", "pooled_convolution", "flatten", "dense_chain", "loss"]),
        (["--inference"], ["gather", "pooled_convolution", "flatten", "dense_chain"]),
        (
            ["--plain"],
            [
                *("gather", "Rescaling", "Conv2D", "BatchNormalization"),
                *("MaxPooling2D", "Flatten", "Dense", "loss"),
            ],
        ),
    ],
)
def test_it_prints_the_program(run, options, expected, capsys):
    assert main(["plan", str(run.folder), *options]) == 0
    printed = capsys.readouterr().out
    assert operations(printed) == expected
    if "--plain" not in options:
        assert "conv (convolution) + conv (relu) + norm (batch_norm" in printed
        assert "rescaling (rescaling)" in printed


def test_a_folder_without_a_run(tmp_path, capsys):
    assert main(["plan", str(tmp_path / "no")]) == 1
    assert "scratchnet plan:" in capsys.readouterr().err
