"""The command line, and what becomes of earlier results."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness import command, results


def parse(*words: str) -> Namespace:
    parser = command.parser("x", "A benchmark.", rounds=3)
    command.add_names(parser, "--models", ("ann", "basic_cnn", "deeper_cnn"))
    return command.parse(parser, words)


class Figure:
    def savefig(self, file: Any, **_: Any) -> None:
        file.write(b"picture")


def run(options: Namespace, figures: dict[str, int], **settings: Any) -> dict[str, Any]:
    """Run a benchmark that measures these figures, one after the other."""

    def measure(options: Namespace) -> Iterator[dict[str, Any]]:
        document, earlier = results.begin(options, **settings)
        document["cases"] = earlier.get("cases", {})
        for name, figure in figures.items():
            if figure < 0:
                raise KeyboardInterrupt
            document["cases"][name] = results.dated(document, {"figure": figure})
            yield document

    command.run(options, measure, lambda document: "the table", lambda _: Figure())
    return json.loads((options.out / "x.json").read_text(encoding="utf-8"))


def figures(document: dict[str, Any]) -> dict[str, int]:
    return {name: case["figure"] for name, case in document["cases"].items()}


def test_names_come_in_one_order_and_once() -> None:
    assert parse("--models", "deeper-cnn,ann,ann").models == ["ann", "deeper_cnn"]
    assert parse().models == ["ann", "basic_cnn", "deeper_cnn"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--models", "ann,beans"), "unknown name 'beans'; there are: ann, basic_cnn"),
        (("--rounds", "0"), "expected a positive integer, got '0'"),
        (("--threads", "two"), "expected a positive integer, got 'two'"),
    ],
)
def test_what_is_none_is_refused(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(*words)
    assert said in capsys.readouterr().err


def test_a_quick_run_goes_to_a_new_folder_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command.tempfile, "tempdir", str(tmp_path))
    out = parse("--quick").out
    assert out.is_dir() and out.parent == tmp_path
    assert str(out) in capsys.readouterr().err
    assert parse("--quick").out != out
    assert parse("--quick", "--out", "here").out == Path("here")
    assert parse().out == results.FOLDER
    assert parse("--quick").rounds == 2
    assert parse("--quick", "--rounds", "1").rounds == 1


def test_results_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(parse("--out", str(tmp_path)), {"a": 1})
    assert (tmp_path / "x.png").read_bytes() == b"picture"
    assert capsys.readouterr().out == "the table\n"


def test_redrawing_measures_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(parse("--out", str(tmp_path)), {"a": 1})
    before = (tmp_path / "x.json").read_bytes()
    (tmp_path / "x.png").unlink()
    run(parse("--out", str(tmp_path), "--redraw", "--rounds", "9"), {"a": 2})
    assert (tmp_path / "x.json").read_bytes() == before
    assert (tmp_path / "x.png").is_file()
    assert capsys.readouterr().out == "the table\n" * 2


def test_there_is_nothing_to_redraw(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"x\.json: can't be read"):
        run(parse("--out", str(tmp_path), "--redraw"), {"a": 1})


def test_earlier_cases_are_kept(tmp_path: Path) -> None:
    options = parse("--out", str(tmp_path))
    first = run(options, {"a": 1, "b": 2})
    case = first["cases"]["a"]
    assert case["date"] == first["machine"]["date"]
    assert {"commit", "load_before"} <= set(case)
    first["machine"]["date"] = case["date"] = "long ago"
    (tmp_path / "x.json").write_text(json.dumps(first), encoding="utf-8")
    again = run(options, {"b": 3})
    assert figures(again) == {"a": 1, "b": 3}
    dates = [case["date"] for case in again["cases"].values()]
    assert dates == ["long ago", again["machine"]["date"]]


def test_a_run_that_ends_early_keeps_what_it_did_not_come_to(tmp_path: Path) -> None:
    options = parse("--out", str(tmp_path))
    run(options, {"a": 1, "b": 1, "c": 1})
    with pytest.raises(KeyboardInterrupt):
        run(options, {"a": 2, "b": -1})
    kept = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert figures(kept) == {"a": 2, "b": 1, "c": 1}


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (("--rounds", "4"), {}, "rounds 3 there and 4 now"),
        (("--threads", "7"), {}, "there and 7 now"),
        (("--quick", "--rounds", "3"), {}, "quick False there and True now"),
        ((), {"libraries": ["b"]}, "libraries ['a'] there and ['b'] now"),
        ((), {"missing": []}, "missing None there and [] now"),
    ],
)
def test_results_measured_in_another_way_are_not_overwritten(
    tmp_path: Path, words: tuple[str, ...], settings: dict[str, Any], said: str
) -> None:
    out = "--out", str(tmp_path)
    run(parse(*out), {"a": 1, "b": 1}, libraries=["a"])
    before = (tmp_path / "x.json").read_bytes()
    settings = {"libraries": ["a"], **settings}
    with pytest.raises(SystemExit) as raised:
        run(parse(*out, *words), {"a": 2}, **settings)
    sentence = str(raised.value)
    assert sentence.startswith(f"{tmp_path / 'x.json'}: ") and said in sentence
    assert "--out" in sentence and "--replace" in sentence
    assert (tmp_path / "x.json").read_bytes() == before
    replaced = run(parse(*out, *words, "--replace"), {"a": 2}, **settings)
    assert figures(replaced) == {"a": 2}


@pytest.mark.parametrize("name", ["cpu", "versions"])
def test_those_of_another_machine_are_not_overwritten(
    tmp_path: Path, name: str
) -> None:
    options = parse("--out", str(tmp_path))
    document = run(options, {"a": 1})
    document["machine"][name] = "another"
    (tmp_path / "x.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SystemExit, match=f"{name} 'another' there and"):
        run(options, {"a": 2})
