from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from benchmarks import results


def test_no_number_that_json_has_not(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        results.write(tmp_path, {"benchmark": "x", "value": float("nan")})


def test_names_are_checked() -> None:
    read = results.names("a", "b")
    assert read("all") == ["a", "b"]
    assert read("b") == ["b"]
    with pytest.raises(argparse.ArgumentTypeError, match="expected names out of a, b"):
        read("a,c")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many"])
def test_counts_are_checked(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="whole number"):
        results.positive(text)


def of_models(models: list[str], **changed: object) -> dict[str, Any]:
    machine = dict.fromkeys(results.SAME, 1) | {"date": "d", "commit": "c"}
    machine["load_before"] = 0.0
    document = {"benchmark": "x", "quick": False, "rounds": 3, "libraries": ["a"]}
    document |= {"machine": machine, "cases": {name: {"n": name} for name in models}}
    machine.update((k, v) for k, v in changed.items() if k in machine)
    document.update((k, v) for k, v in changed.items() if k in document)
    return document


def test_earlier_cases_are_kept_but_for_those_measured_now(tmp_path: Path) -> None:
    now = of_models([])
    assert results.earlier_cases(tmp_path, now, ["a"]) == {}
    results.write(tmp_path, of_models(["a", "b"]))
    kept = {"b": {"n": "b", "date": "d", "commit": "c", "load_before": 0.0}}
    assert results.earlier_cases(tmp_path, now, ["a"]) == kept


@pytest.mark.parametrize(
    "changed",
    [{"cpu": 2}, {"versions": 2}, {"threads": 2}, {"rounds": 4}, {"libraries": ["b"]}],
)
def test_cases_measured_in_another_way_are_not_kept(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    results.write(tmp_path, of_models(["a", "b"], **changed))
    assert results.earlier_cases(tmp_path, of_models([]), ["a"]) == {}


def test_a_case_says_when_it_was_measured() -> None:
    case = results.measured(of_models([]), {"n": 1})
    assert case == {"n": 1, "date": "d", "commit": "c", "load_before": 0.0}
    assert results.measured(of_models([]), {"date": "e"})["date"] == "e"
