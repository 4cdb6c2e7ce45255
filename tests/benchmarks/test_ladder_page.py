from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import ladder_page
from benchmarks.kernel_cases import kernel_cases
from scratchnet.kernels import OPERATIONS

SHOWN = [name for chapter in ladder_page.CHAPTERS for name in chapter.operations]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Return a benchmark's document in which no two speeds are the same."""
    speed, cases = 100.0, []
    for case in kernel_cases():
        operations: dict[str, Any] = {}
        for name in case.operations:
            operations[name] = {}
            for rung in OPERATIONS[name].rungs:
                speed += 0.1
                operations[name][rung] = {"speed": speed}
        unit = "GB/s" if case.flop is None else "GFLOP/s"
        cases.append(
            {"kind": case.kind, "label": case.label, "unit": unit}
            | {"operations": operations, "sgemm_gflops": 1000.0}
        )
    machine = {"cpu": "abacus", "threads": 3, "date": "2026-01-02", "commit": "abc"}
    return {"cases": cases, "machine": machine, "quick": True, "sgemm_size": 64}


@pytest.fixture(scope="module")
def page(document: dict[str, Any]) -> str:
    return ladder_page.page(document)


def test_every_speed_stands_in_the_row_of_its_operation(
    page: str, document: dict[str, Any]
) -> None:
    rows = [" ".join(line.split()) for line in page.splitlines() if "| `" in line]
    for case in document["cases"]:
        for name in set(case["operations"]) & set(SHOWN):
            row = next(r for r in rows if f"`{name}` | {case['label']} |" in r)
            for entry in case["operations"][name].values():
                assert f" {entry['speed']:.1f} " in row


def test_where_and_how_it_was_measured(page: str) -> None:
    for part in (
        "abacus",
        "3 threads",
        "2026-01-02",
        "abc",
        "1000 GFLOP/s",
        "mean nothing",
    ):
        assert part in page


def test_links_lead_to_the_functions(page: str) -> None:
    links = re.findall(r"\[`(\w+)`\]\((\S+?\.py)#L(\d+)-L(\d+)\)", page)
    assert {name for name, *_ in links} == set(SHOWN)
    rungs = sum(len(OPERATIONS[name].rungs) for name in SHOWN)
    assert len(links) == rungs + len(SHOWN)
    for name, path, first, last in links:
        lines = (ladder_page.FOLDER / path).read_text(encoding="utf-8").splitlines()
        chosen = "\n".join(lines[int(first) - 1 : int(last)])
        assert f"def {name}_" in chosen
        ast.parse(chosen)


def test_links_to_files_and_chapters(page: str) -> None:
    for path in re.findall(r"\]\((\S+?\.py)\)", page):
        assert (ladder_page.FOLDER / path).is_file()
    titles = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert [f"(#{ladder_page.anchor(title)})" in page for title in titles] == [
        True
    ] * len(ladder_page.CHAPTERS)


def test_the_mathematics_and_the_lines_that_do_it(page: str) -> None:
    for formula in (
        "d_weight[kh, kw, c, co] = ∑_{n, oh, ow} x[n, h, w, c] · dy[n, oh, ow, co]",
        "d_weight = xᵀ · dy",
        "dx = gamma·r · (dy − d_beta/M − x̂·d_gamma/M)",
        "z = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A",
    ):
        assert f"    {formula}" in page
    assert "dy goes to that pixel and nobody else" in page
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == len(SHOWN)
    for name, block in zip(SHOWN, blocks, strict=True):
        assert f"def {name}_reference" in block
        assert '"""' not in block
        assert ast.parse(block).body


def test_an_operation_without_a_measurement_is_said_to_have_none(
    document: dict[str, Any],
) -> None:
    cases = [case for case in document["cases"] if case["kind"] == "dense"]
    assert ladder_page.page({**document, "cases": cases}).count("Not part of") == (
        len(ladder_page.CHAPTERS) - 1
    )


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let measurements and page lie in a folder that is empty."""
    monkeypatch.setattr(ladder_page.results, "FOLDER", tmp_path)
    monkeypatch.setattr(ladder_page, "FOLDER", tmp_path)
    return tmp_path


def test_main_writes_page_and_picture(folders: Path, document: dict[str, Any]) -> None:
    text = json.dumps(document)
    (folders / "kernels.json").write_text(text, encoding="utf-8")
    assert ladder_page.main([]) == 0
    assert (folders / "ladder.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert "abacus" in (folders / "ladder.md").read_text(encoding="utf-8")


def test_main_says_which_measurements_are_missing(folders: Path) -> None:
    with pytest.raises(SystemExit, match=r"kernels\.json: can't be read"):
        ladder_page.main([])


def test_the_page_in_docs_is_up_to_date() -> None:
    measured = ladder_page.results.FOLDER / "kernels.json"
    made = ladder_page.page(json.loads(measured.read_text(encoding="utf-8")))
    there = (ladder_page.FOLDER / "ladder.md").read_text(encoding="utf-8")
    assert there == made, f"run `{ladder_page.COMMAND}`"
