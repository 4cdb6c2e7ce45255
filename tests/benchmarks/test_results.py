from __future__ import annotations

import errno
import json
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness import results
from scratchnet.foundation.errors import CheckpointError


def parse(*words: str) -> Namespace:
    return results.parse(results.parser("A benchmark.", rounds=3), words)


def of_models(models: list[str], **changed: object) -> dict[str, Any]:
    machine = dict.fromkeys(results.SAME, 1) | {"date": "d", "commit": "c"}
    machine |= {"load_before": 0.0, "versions": {"torch": "1"}}
    document = {"benchmark": "x", "quick": False, "rounds": 3, "libraries": ["a"]}
    document |= {
        "missing": [],
        "machine": machine,
        "cases": {name: {"n": name} for name in models},
    }
    machine.update((k, v) for k, v in changed.items() if k in machine)
    document.update((k, v) for k, v in changed.items() if k in document)
    return document


def earlier(out: Path, *, replace: bool = False) -> dict[str, Any]:
    options = Namespace(out=out, replace=replace)
    return results.earlier(options, of_models([]), alike=("libraries", "missing"))


def test_no_number_that_json_has_not(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        results.write(tmp_path, {"benchmark": "x", "value": float("nan")})


def test_a_quick_run_goes_to_a_new_folder_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results.tempfile, "tempdir", str(tmp_path))
    out = parse("--quick").out
    assert out.is_dir() and out.parent == tmp_path
    assert str(out) in capsys.readouterr().err
    assert parse("--quick").out != out
    assert parse("--quick", "--out", "here").out == Path("here")
    assert parse().out == results.FOLDER


def test_earlier_cases_are_kept_with_where_they_come_from(tmp_path: Path) -> None:
    assert results.kept(earlier(tmp_path)) == {}
    results.write(tmp_path, of_models(["a", "b"]))
    about = {"date": "d", "commit": "c", "load_before": 0.0}
    kept = {name: {"n": name, **about} for name in "ab"}
    assert results.kept(earlier(tmp_path)) == kept


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cpu": 2}, "cpu 2 there and 1 now"),
        ({"versions": {"torch": "2"}}, "torch '2' there and '1' now"),
        ({"versions": {"torch": "1", "numba": "3"}}, "numba '3' there and None now"),
        ({"threads": 2}, "threads 2 there and 1 now"),
        ({"rounds": 4}, "rounds 4 there and 3 now"),
        ({"quick": True}, "quick True there and False now"),
        ({"libraries": ["b"]}, "libraries ['b'] there and ['a'] now"),
        ({"missing": ["b"]}, "missing ['b'] there and [] now"),
    ],
)
def test_results_measured_otherwise_are_not_written_over(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    path = results.write(tmp_path, of_models(["a", "b"], **changed))
    with pytest.raises(results.ResultsError) as raised:
        earlier(tmp_path)
    sentence = str(raised.value)
    assert sentence.startswith(f"{path}: ") and f"({said})" in sentence
    assert "--out" in sentence and "--replace" in sentence
    assert earlier(tmp_path, replace=True) == {}


def test_versions_of_peers_count_where_there_are_some(tmp_path: Path) -> None:
    now, then = of_models([]), of_models(["a"], versions={"torch": "2"})
    del now["missing"], then["missing"]
    results.write(tmp_path, then)
    assert results.earlier(Namespace(out=tmp_path, replace=False), now) == then


@pytest.mark.parametrize("text", ['{"benchmark": "x", "ca', "[1]", "{}", "\xff"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(results.ResultsError) as raised:
        earlier(tmp_path)
    sentence = str(raised.value)
    assert sentence.startswith(f"{path}: can't be read")
    assert "restore the file" in sentence and "--replace" in sentence
    assert "\n" not in sentence
    assert earlier(tmp_path, replace=True) == {}


class Unfinished:
    """A figure that fails when half of it is written."""

    def savefig(self, file: Any, **_: Any) -> None:
        if isinstance(file, Path):
            file.write_bytes(b"half")
        else:
            file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_picture_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"whole")
    with pytest.raises(CheckpointError, match=r"x\.png: can't be written"):
        results.write(tmp_path, of_models([]), Unfinished())
    assert path.read_bytes() == b"whole"


def test_json_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = results.write(tmp_path, of_models(["a"]))
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CheckpointError, match=r"x\.json: can't be written"):
        results.write(tmp_path, of_models(["b"]))
    monkeypatch.undo()
    assert list(json.loads(path.read_text(encoding="utf-8"))["cases"]) == ["a"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_case_says_when_it_was_measured() -> None:
    case = results.measured(of_models([]), {"n": 1})
    assert case == {"n": 1, "date": "d", "commit": "c", "load_before": 0.0}
    assert results.measured(of_models([]), {"date": "e"})["date"] == "e"
