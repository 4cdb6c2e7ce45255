from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import scratchnet
from scratchnet.commands import cli
from scratchnet.commands import datasets as datasets_command

ROOT = Path(__file__).resolve().parents[2]


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"scratchnet {scratchnet.__version__}\n"


def test_help_names_the_subcommands(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert "datasets" in out and "gradcheck" in out


def test_without_a_command_it_helps_and_fails(capsys):
    assert cli.main([]) == 2
    assert "usage: scratchnet" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["bake"], ["datasets"], ["datasets", "bake"], ["datasets", "download"]]
)
def test_a_wrong_command_line_is_2(words, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert stop.value.code == 2
    assert "usage: scratchnet" in capsys.readouterr().err


def test_datasets_list(capsys):
    assert cli.main(["datasets", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", *scratchnet.datasets.names()]


def test_datasets_verify_of_what_is_always_there(capsys):
    assert cli.main(["datasets", "verify", "digits"]) == 0
    assert scratchnet.datasets.digits.CONTENT_SHA256 in capsys.readouterr().out


def test_an_unknown_data_set_is_2(capsys):
    assert cli.main(["datasets", "verify", "cifar"]) == 2
    assert "expected one of" in capsys.readouterr().err


def test_gradcheck_of_one_layer(capsys):
    assert cli.main(["gradcheck", "Flatten"]) == 0
    assert "all gradients agree" in capsys.readouterr().out


def test_gradcheck_of_an_unknown_layer_is_2(capsys):
    assert cli.main(["gradcheck", "Desne"]) == 2
    assert "did you mean 'Dense'" in capsys.readouterr().err


def test_a_keyboard_interrupt_is_130(monkeypatch, capsys):
    def interrupt(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets_command, "run", interrupt)
    assert cli.main(["datasets", "list"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_python_m_scratchnet_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "scratchnet", "gradcheck", "Flatten", "Desne"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert "Desne" in done.stderr and done.stdout == ""
