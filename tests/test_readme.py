from __future__ import annotations

import configparser
import importlib
import re
import shlex
from pathlib import Path

import pytest

import experiments.__main__ as experiments_command
import scratchnet
from experiments import report, study
from experiments.equivalence import (
    keras_reference,
    records,
    validate,
    validation_text,
)
from experiments.protocol import STUDY, Trial
from scratchnet.commands import cli
from scratchnet.commands import datasets as datasets_command
from scratchnet.commands import explain as explain_command
from scratchnet.commands import gradcheck as gradcheck_command
from scratchnet.commands import inspect as inspect_command
from scratchnet.commands import predict as predict_command
from scratchnet.runs import run as runs

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Text between backticks, lines joined; what stands in a fenced block is cut out first.
INLINE_CODE = [
    " ".join(code.split())
    for code in re.findall(
        r"`([^`]+)`",
        re.sub(r"^```.*?^```$", "", README, flags=re.DOTALL | re.MULTILINE),
    )
]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of a section's tables, headings among them, rules not."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith("|--")
    ]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize("source", blocks("python"))
def test_a_python_block_runs_and_prints_what_its_comments_say(source, capsys):
    exec(compile(source, "README.md", "exec"), {"__name__": "readme"})
    printed = capsys.readouterr().out
    for comment in re.findall(r"^# (.*)$", source, re.MULTILINE):
        assert comment.removesuffix("...") in printed


def test_the_example_has_about_fifteen_lines_and_learns(capsys):
    source = blocks("python")[0]
    assert len(source.splitlines()) <= 16
    exec(source, {})
    accuracy = float(capsys.readouterr().out.split()[-1])
    assert accuracy > 0.85


def test_rungs_agree_in_the_example(capsys):
    source = next(block for block in blocks("python") if "kernels.rung" in block)
    exec(source, {})
    assert capsys.readouterr().out == "True\n"


def test_the_layer_of_the_gradcheck_example_is_found_wrong_when_it_is(capsys):
    source = next(block for block in blocks("python") if "class Scale" in block)
    wrong = source.replace('return dy * self.params["scale"]', "return dy")
    assert wrong != source
    with pytest.raises(AssertionError):
        exec(wrong, {"__name__": "readme"})
    printed = capsys.readouterr().out
    assert "FAILED" in printed and "! x:" in printed


@pytest.mark.parametrize(
    "row", rows(section("Where is X?"))[1:], ids=lambda row: row[0]
)
def test_where_is_x_names_files_that_exist(row):
    files = code(row[1])
    assert files and all((ROOT / name).is_file() for name in files)


@pytest.mark.parametrize("name", [c for c in INLINE_CODE if c.endswith((".md", ".py"))])
def test_files_named_in_the_text_exist(name):
    assert (ROOT / name).is_file()


def subset_rows() -> list[list[str]]:
    table = rows(section("Porting a Keras notebook"))
    return table[table.index(["module", "what"]) + 1 :]


@pytest.mark.parametrize("row", subset_rows(), ids=lambda row: row[0])
def test_everything_in_the_subset_is_there(row):
    where, names = row
    if where == "top level":
        assert all(hasattr(scratchnet, name) for name in code(names))
        return
    (module_name,) = code(where)
    module = importlib.import_module(f"scratchnet.{module_name}")
    if module_name == "metrics":
        assert module.check("accuracy") == "accuracy"
        return
    assert [name for name in code(names) if not hasattr(module, name)] == []


@pytest.mark.parametrize("marker", ["study command", "test command"])
def test_each_command_is_one_line(marker):
    found = re.findall(rf"<!-- {marker} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert len(found) == 1
    lines = found[0].splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("python3 -m venv .venv && .venv/bin/pip install -e ")


def test_extras_named_in_commands_exist():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    named = {
        extra
        for brackets in re.findall(r"'\.\[([a-z0-9,]+)\]'", README)
        for extra in brackets.split(",")
    }
    assert named and named <= set(config["options.extras_require"])


def commands_of(module: str) -> list[str]:
    """Return the words behind ``python -m <module>``, wherever the README has it."""
    in_blocks = [line for block in blocks("sh") for line in block.splitlines()]
    pattern = re.compile(rf"python -m {re.escape(module)}(?: (.*))?$")
    found = [pattern.search(command) for command in [*INLINE_CODE, *in_blocks]]
    return [match[1] or "" for match in found if match]


@pytest.mark.parametrize("words", commands_of("experiments"))
def test_commands_of_the_study_are_accepted(words, monkeypatch):
    called = []
    outcome = ["a run"], []
    monkeypatch.setattr(
        study, "run", lambda *args, **_: called.append("run") or outcome
    )
    for name in ("write_run", "write_study"):
        monkeypatch.setattr(report, name, lambda *args, **_: called.append("report"))
    compare = validate.compare

    def remember(*args, **kwargs):
        called.append("validate")
        return compare(*args, **kwargs)

    monkeypatch.setattr(validate, "compare", remember)
    status = experiments_command.main(shlex.split(words))
    command = words.split()[0] if words else "run"
    assert status == 0 or (status == 1 and command == "validate")  # a failure
    assert called == (["run", "report"] if command == "run" else [command])


@pytest.mark.parametrize(
    "words", commands_of("experiments.equivalence.keras_reference")
)
def test_commands_of_the_keras_runs_are_accepted(words, monkeypatch):
    called = []
    monkeypatch.setattr(keras_reference, "start", lambda threads: None)
    monkeypatch.setattr(keras_reference, "run", lambda *args, **_: called.append(args))
    assert keras_reference.main(shlex.split(words)) == 0
    assert called


def test_the_validation_table_is_that_of_the_records():
    marked = re.search(
        r"<!-- validation table: .* -->\n(.*?)<!-- end of the validation table -->",
        README,
        re.DOTALL,
    )
    assert marked is not None
    shown = rows(marked[1])
    made = rows(validation_text.table(validate.compare()))
    seconds = validation_text.HEADER.index("s per epoch")
    for row in (*shown, *made):
        # They come from a benchmark, whose results are measured again now and then.
        del row[seconds]
    assert shown == made


def test_the_studys_results_are_those_of_the_records():
    _, after = README.split(
        "<!-- results of the study: experiments/equivalence/scratchnet.jsonl -->"
    )
    _, *shown = rows(after.split("\n\n")[0])
    assert [row[:2] for row in shown] == [
        [dataset, model]
        for dataset in validate.MARGINS
        for model in ("ann", "basic_cnn", "deeper_cnn")
    ]
    for dataset, model, *figures in shown:
        trial = Trial(dataset, model, 0, STUDY)
        record = records.find(records.SCRATCHNET, trial)
        assert figures == [
            f"{record['parameters']:,}",
            str(record["epochs"]),
            str(record["best_epoch"] + 1),
            f"{record['test_loss']:.4f}",
            f"{record['test_accuracy']:.4f}",
        ]


def test_options_of_the_study_are_those_in_the_readme(capsys):
    with pytest.raises(SystemExit):
        experiments_command.main(["run", "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    table = [row for row in rows(section("The study")) if row[0].startswith("`--")]
    assert {option for row in table for option in code(row[0])} == known


def test_files_of_a_run_are_those_in_the_readme():
    table = [row for row in rows(section("The study")) if "." in row[0]]
    named = {name for row in table for name in code(row[0])}
    assert named == {"run.json", *runs.RESULTS}


@pytest.mark.parametrize(
    "command",
    [c for c in INLINE_CODE if re.match(r"scratchnet\s+\w", c)]
    + re.findall(r"^scratchnet [a-z].*", README, re.MULTILINE),
)
def test_scratchnet_commands_are_accepted(command, monkeypatch):
    for module in (
        datasets_command,
        explain_command,
        gradcheck_command,
        inspect_command,
        predict_command,
    ):
        monkeypatch.setattr(module, "run", lambda arguments: 0)
    assert cli.main(shlex.split(command)[1:]) == 0


def test_the_arithmetic_of_the_explain_example_is_right():
    found = re.search(r"<!-- explain example -->\n```\n(.*?)```", README, re.DOTALL)
    assert found is not None
    command, *lines = found[1].splitlines()
    assert command.startswith("$ scratchnet explain runs/")
    product = re.compile(r" *x\[.*\] × kernel\[.*\] +(\S+) × +(\S+) = +(\S+)$")
    products = [match for match in map(product.match, lines) if match]
    assert len(products) == 9
    for one in products:
        assert float(one[3]) == pytest.approx(float(one[1]) * float(one[2]), rel=2e-5)
    numbers = {
        name: float(number)
        for name, number in re.findall(r"^ *(\S.*?)  +(\S+)$", found[1], re.MULTILINE)
    }
    z = sum(float(one[3]) for one in products) + numbers["bias[29]"]
    assert numbers["= z[20, 20, 29]"] == pytest.approx(z, rel=1e-5)
    assert numbers["the kernel computed"] == pytest.approx(z, rel=1e-5)
    y = numbers["= y[20, 20, 29], as the kernel computed it"]
    assert y == max(numbers["the kernel computed"], 0)
