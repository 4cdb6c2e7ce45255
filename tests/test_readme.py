"""README.md and the pages in docs/ say what is true, and what they print works."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import re
import shlex
import textwrap
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
from experiments.protocol import RESNET20, STUDY, Trial
from scratchnet.commands import cli
from scratchnet.commands import datasets as datasets_command
from scratchnet.commands import explain as explain_command
from scratchnet.commands import gradcheck as gradcheck_command
from scratchnet.commands import inspect as inspect_command
from scratchnet.commands import plan as plan_command
from scratchnet.commands import port as port_command
from scratchnet.commands import predict as predict_command
from scratchnet.runs import run as runs

ROOT = Path(__file__).resolve().parent.parent
# docs/ladder.md is made by benchmarks.ladder_page, and tested with it.
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if path.name != "ladder.md"
}
README, VALIDATION = PAGES["README.md"], PAGES["docs/validation.md"]

FENCED = re.compile(
    r"(?:^<!-- from (?P<file>\S+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


each_page = pytest.mark.parametrize("page", PAGES)


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language, without those copied from a file."""
    return [
        block["text"]
        for block in FENCED.finditer(text)
        if block["language"] == language and not block["file"]
    ]


def programs() -> list[tuple[str, str, str | None]]:
    """Return page, block of Python and its output, if a block of text comes next."""
    found = []
    for page, text in PAGES.items():
        block, *rest = [*FENCED.finditer(text), None]
        for after in rest:
            if block["language"] == "python" and not block["file"]:
                output = after and after["language"] == "text"
                found.append((page, block["text"], after["text"] if output else None))
            block = after
    return found


def inline_code(text: str) -> list[str]:
    """Return what stands between backticks outside of blocks, lines joined."""
    return [" ".join(one.split()) for one in code(FENCED.sub("", text))]


def commands(text: str) -> list[str]:
    """Return all commands of a page, in blocks and between backticks."""
    in_blocks = [line for block in blocks(text, "sh") for line in block.splitlines()]
    return [line.split("  #")[0] for line in [*in_blocks, *inline_code(text)]]


def commands_of(module: str) -> list[str]:
    """Return the words behind ``python -m <module>``, wherever a page has it."""
    pattern = re.compile(rf"python -m {re.escape(module)}(?: (.*))?$")
    found = [pattern.search(line) for text in PAGES.values() for line in commands(text)]
    return sorted({match[1] or "" for match in found if match})


def section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of a text's tables, headings among them, rules not."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith(("|--", "|:-"))
    ]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_readme_is_one_page():
    assert len(README.splitlines()) < 250


@pytest.mark.parametrize(("page", "source", "output"), programs())
def test_a_python_block_runs_and_prints_what_is_said(page, source, output, capsys):
    scratchnet.utils.clear_session()  # layers are numbered from the first one on
    exec(compile(source, page, "exec"), {"__name__": "page"})
    printed = capsys.readouterr().out
    for comment in re.findall(r"^# (.*)$", source, re.MULTILINE):
        assert comment.removesuffix("...") in printed
    if output is not None:
        assert printed == output


def test_code_that_is_shown_is_that_of_its_file():
    shown = [b for text in PAGES.values() for b in FENCED.finditer(text) if b["file"]]
    assert shown
    for block in shown:
        file = textwrap.dedent((ROOT / block["file"]).read_text(encoding="utf-8"))
        assert textwrap.indent(block["text"], "    ") in file


def test_the_example_has_about_fifteen_lines_and_learns(capsys):
    source = blocks(README, "python")[0]
    assert len(source.splitlines()) <= 16
    exec(source, {})
    accuracy = float(capsys.readouterr().out.split()[-1])
    assert accuracy > 0.85


def test_the_layer_of_the_gradcheck_example_is_found_wrong_when_it_is(capsys):
    found = blocks(PAGES["docs/inside.md"], "python")
    source = next(block for block in found if "class Scale" in block)
    wrong = source.replace('return dy * self.params["scale"]', "return dy")
    assert wrong != source
    with pytest.raises(AssertionError):
        exec(wrong, {"__name__": "page"})
    printed = capsys.readouterr().out
    assert "FAILED" in printed and "! x:" in printed


@pytest.mark.parametrize(
    "row", rows(section(README, "Where is X?"))[1:], ids=lambda row: row[0]
)
def test_where_is_x_names_files_that_exist(row):
    files = code(row[1])
    assert files and all((ROOT / name).is_file() for name in files)


# The rooms of the house by the rows of its table, which stand in the order of imports.
HOUSE = [
    re.findall(r"`([\w/.]+(?:/|\.py))`", row[0] + row[1])
    for row in rows(section(README, "The house"))[1:]
]


def test_the_house_has_every_room_and_each_is_found_in_where_is_x():
    rooms = {room for row in HOUSE for room in row if room.endswith("/")}
    packages = {path.parent for path in (ROOT / "scratchnet").glob("*/__init__.py")}
    folders = {f"{path.relative_to(ROOT).as_posix()}/" for path in packages}
    assert folders | {"experiments/", "benchmarks/", "docs/", "tests/"} <= rooms
    answers = code(section(README, "Where is X?"))
    assert [
        room for room in rooms if not any(a.startswith(room) for a in answers)
    ] == []


def test_imports_run_down_the_house():
    floor = {room: number for number, row in enumerate(HOUSE) for room in row}
    for room in floor:
        if room.startswith("tests/"):  # from everywhere
            continue
        path = ROOT / room
        for file in [path] if path.is_file() else path.rglob("*.py"):
            imported = {
                other
                for name in imports_of(file)
                for other in floor
                if f"{name.replace('.', '/')}/".startswith(other.replace(".py", "/"))
            }
            assert [one for one in imported if floor[one] < floor[room]] == [], file


def imports_of(file: Path) -> set[str]:
    """Return the names of all modules that a file imports, or something from them."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


@each_page
def test_files_named_in_the_text_exist(page):
    rooms = "scratchnet/", "experiments/", "benchmarks/", "docs/", "tests/"
    paths = [one for one in inline_code(PAGES[page]) if re.fullmatch(r"[\w./-]+", one)]
    named = [
        one for one in paths if one.startswith(rooms) or one.endswith((".md", ".py"))
    ]
    if page == "docs/notebooks.md":  # whose table names files of other repositories
        named = [one for one in named if one.startswith("docs/")]
    assert [one for one in named if not (ROOT / one).exists()] == []


@each_page
def test_links_lead_somewhere(page):
    text = PAGES[page]
    targets = re.findall(r"\]\(([^)]+)\)", text) + re.findall(r'<img src="(.*?)"', text)
    for target in targets:
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.is_file(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
            assert anchor in map(as_anchor, titles)


def as_anchor(title: str) -> str:
    """Return what GitHub calls a heading in links."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@each_page
def test_functions_are_in_the_files_that_are_named(page):
    for file, names in re.findall(r"^- `(\S+\.py)`: (`.*)", PAGES[page], re.MULTILINE):
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        for name in code(names.split(": ")[0]):
            node: ast.AST = tree
            for part in name.split("."):
                found = [n for n in ast.iter_child_nodes(node) if is_named(n, part)]
                assert found, f"{file} has no {name}"
                node = found[0]


def is_named(node: ast.AST, name: str) -> bool:
    kinds = ast.FunctionDef | ast.ClassDef
    return isinstance(node, kinds) and node.name == name


def subset_rows() -> list[list[str]]:
    table = rows(section(PAGES["docs/porting.md"], "What there is"))
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


def test_every_layer_optimizer_and_data_set_is_in_the_subset():
    named = {row[0].strip("`"): set(code(row[1])) for row in subset_rows()}
    assert named["layers"] == set(scratchnet.layers.ALL)
    assert named["optimizers"] == {
        c.__name__ for c in scratchnet.optimizers.ALL.values()
    }
    assert named["datasets"] == set(scratchnet.datasets.names())
    listed = rows(PAGES["docs/data.md"])[1:]
    assert [row[0].strip("`") for row in listed] == list(scratchnet.datasets.names())


# Commands.


@pytest.mark.parametrize("marker", ["study command", "test command"])
def test_each_command_is_one_line(marker):
    found = re.findall(rf"<!-- {marker} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert len(found) == 1
    lines = found[0].splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("python3 -m venv .venv && .venv/bin/pip install -e ")


@each_page
def test_extras_and_modules_in_commands_exist(page):
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    for line in commands(PAGES[page]):
        for extras in re.findall(r"'\.\[([a-z0-9,]+)\]'", line):
            assert set(extras.split(",")) <= set(config["options.extras_require"])
        for module in re.findall(r"python -m ([\w.]+)", line):
            assert importlib.util.find_spec(module) is not None, module


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


@pytest.mark.parametrize("name", ["train_step", "epoch", "kernels", "memory"])
def test_options_of_the_benchmarks_are_known(name, capsys):
    module = importlib.import_module(f"benchmarks.{name}")
    with pytest.raises(SystemExit):
        module.main(["--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    said = " ".join(commands_of(f"benchmarks.{name}"))
    assert set(re.findall(r"--[a-z-]+", said)) <= known


@pytest.mark.parametrize(
    "command",
    sorted(
        {
            line
            for text in PAGES.values()
            for line in commands(text)
            if re.match(r"scratchnet [a-z]", line)
        }
    ),
)
def test_scratchnet_commands_are_accepted(command, monkeypatch):
    for module in (
        datasets_command,
        explain_command,
        gradcheck_command,
        inspect_command,
        plan_command,
        port_command,
        predict_command,
    ):
        monkeypatch.setattr(module, "run", lambda arguments: 0)
    assert cli.main(shlex.split(command)[1:]) == 0


# Tables and figures.


def test_the_validation_table_is_that_of_the_records():
    marked = re.search(
        r"<!-- validation table: .* -->\n(.*?)<!-- end of the validation table -->",
        VALIDATION,
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


def test_figures_in_the_readme_are_those_of_the_pages_that_explain_them():
    _, *shown, measured_by = rows(section(README, "How good, and how fast"))
    accuracy = {(row[0], row[1]): row[4] for row in rows(VALIDATION)[1:]}
    benchmarks = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    speed: dict[str, str] = {}
    for row in rows(benchmarks):  # the first table that has a row is ours
        faster = [cell.split()[0] for cell in row if re.match(r"[\d.]+x ", cell)]
        speed.setdefault(row[0], *faster or [""])
    assert len(shown) == 6
    for model, *figures in shown:
        assert figures == [
            accuracy[model, "scratchnet"],
            accuracy[model, "Keras"],
            speed[f"{model}, training 64"],
            speed[f"{model}, inference 64"],
            speed[model],
        ]
    assert all(code(command) for command in measured_by[1:])


def test_the_studys_results_are_those_of_the_records():
    _, after = PAGES["docs/study.md"].split(
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
        assert figures == figures_of(records.find(records.SCRATCHNET, trial))


def test_the_residual_networks_results_are_those_of_the_records():
    _, after = PAGES["docs/study.md"].split("<!-- resnet20: ")
    _, *shown = rows(after.split("\n\n")[0].split("-->\n")[1])
    sides = {"scratchnet": records.SCRATCHNET, "Keras": records.KERAS}
    assert [row[0] for row in shown] == [*sides]
    trial = Trial("cifar100", "resnet20", 0, RESNET20)
    for who, *figures in shown:
        assert figures == figures_of(records.find(sides[who], trial))


def figures_of(record):
    return [
        f"{record['parameters']:,}",
        str(record["epochs"]),
        str(record["best_epoch"] + 1),
        f"{record['test_loss']:.4f}",
        f"{record['test_accuracy']:.4f}",
    ]


def test_options_of_the_study_are_those_on_its_page(capsys):
    with pytest.raises(SystemExit):
        experiments_command.main(["run", "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    table = [row for row in rows(PAGES["docs/study.md"]) if row[0].startswith("`--")]
    assert {option for row in table for option in code(row[0])} == known


def test_files_of_a_run_are_those_on_the_studys_page():
    table = rows(section(PAGES["docs/study.md"], "A run's folder"))[1:]
    named = {name for row in table for name in code(row[0])}
    assert named == {"run.json", *runs.RESULTS}


def test_the_arithmetic_of_the_explain_example_is_right():
    found = re.search(
        r"<!-- explain example -->\n```\n(.*?)```", PAGES["docs/inside.md"], re.DOTALL
    )
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
