"""The ladder: every rung of every operation, on the shapes of the six models.

    python -m benchmarks.kernels

GFLOP/s of convolution and dense, beside sgemm of the same run; GB/s of what memory
limits. Also writes the ladder as tables in Markdown, for the documentation.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import plot, results
from benchmarks.harness.libraries import SGEMM
from benchmarks.harness.networks import CASES
from benchmarks.harness.processes import Worker
from benchmarks.harness.results import say
from benchmarks.harness.statistics import summary
from benchmarks.harness.turns import interleaved
from benchmarks.kernel_cases import OPERATIONS_OF, KernelCase, kernel_cases
from experiments.arguments import names
from experiments.table import markdown

LADDER = "benchmarks.harness.libraries.kernel_ladder:KernelLadder"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = results.parser(__doc__.splitlines()[0], rounds=5)
    parser.add_argument(
        "--models", type=names(tuple(CASES)), default="all", help=", ".join(CASES)
    )
    parser.add_argument(
        "--kinds",
        type=names(tuple(OPERATIONS_OF)),
        default="all",
        help=", ".join(OPERATIONS_OF),
    )
    parser.add_argument(
        "--ladder",
        type=Path,
        default=argparse.SUPPRESS,
        help="the tables' file (default: ladder.md in --out)",
    )
    options = results.parse(parser, arguments)
    if options.quick:
        options.rounds = min(options.rounds, 2)
    document = run(options)
    ladder = vars(options).get("ladder", options.out / "ladder.md")
    results.write_text(ladder, as_markdown(document))
    say(f"written: {ladder}")
    return 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure shape after shape, beside those that earlier runs have measured."""
    document = results.document("kernels", options)
    document["sgemm_size"] = 256 if options.quick else 2048
    found = results.earlier(options, document, alike=("sgemm_size",))
    cases = {
        (case["kind"], case["label"]): results.measured(found, case)
        for case in found.get("cases", [])
    }
    cases |= measure_all(document, options)
    document["cases"] = [
        cases[case.kind, case.label]
        for case in kernel_cases()
        if (case.kind, case.label) in cases
    ]
    path = results.write(options.out, document, picture(document))
    say(f"written: {path} and .png")
    return document


def measure_all(
    document: dict[str, Any], options: argparse.Namespace
) -> dict[tuple[str, str], dict[str, Any]]:
    """Measure the shapes that were asked for, its operations and rungs in turn.

    Returns:
        (kind, shapes) → what was found. ``document`` is told what has no case.
    """
    with ExitStack() as stack:
        ladder = stack.enter_context(Worker(LADDER, threads=options.threads))
        sgemm = stack.enter_context(Worker(SGEMM, threads=options.threads))
        flop = sgemm.call("measure", document["sgemm_size"])
        sgemm.call("warm_up", "sgemm", 0.0 if options.quick else 1.0, 0.1)
        rungs = ladder.call("operations")
        known = {name for several in OPERATIONS_OF.values() for name in several}
        document["not_measured"] = sorted(set(rungs) - known)
        if document["not_measured"]:
            say(f"no case in kernel_cases.py: {', '.join(document['not_measured'])}")
        found = {}
        for case in kernel_cases(options.models):
            if case.kind in options.kinds:
                one = measure(case, rungs, ladder, (sgemm, flop), options)
                found[case.kind, case.label] = results.measured(document, one)
        return found


def measure(
    case: KernelCase,
    rungs: dict[str, list[str]],
    ladder: Worker,
    sgemm: tuple[Worker, float],
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Time all rungs of all operations on one shape, and sgemm with them."""
    say(f"{case.kind}: {case.label}")
    warm_up, turn = (0.0, 0.001) if options.quick else (0.05, 0.05)
    operations = tuple(name for name in case.operations if name in rungs)
    sizes = ladder.call("prepare", case.kind, case.shapes, operations)
    turns = {"sgemm": partial(sgemm[0].call, "turn", "sgemm")}
    for operation in operations:
        for rung in rungs[operation]:
            name = f"{operation}/{rung}"
            ladder.call("warm_up", name, warm_up, turn)
            turns[name] = partial(ladder.call, "turn", name)
    times = interleaved(turns, options.rounds)
    sgemm_speed = sgemm[1] / float(np.median(times["sgemm"])) / 1e9
    found: dict[str, Any] = {
        "kind": case.kind,
        "shapes": case.shapes,
        "label": case.label,
        "models": case.models,
        "unit": "GB/s" if case.flop is None else "GFLOP/s",
        "sgemm_gflops": sgemm_speed,
        "operations": {},
    }
    for operation in operations:
        work = case.flop_of(operation) or sizes[operation]
        found["operations"][operation] = {
            rung: {
                "seconds": summary(times[f"{operation}/{rung}"]),
                "speed": work / float(np.median(times[f"{operation}/{rung}"])) / 1e9,
            }
            for rung in rungs[operation]
        }
        say(f"  {operation}: {_speeds(found['operations'][operation], found['unit'])}")
    return found


def _speeds(entries: dict[str, Any], unit: str) -> str:
    speeds = (f"{rung} {entry['speed']:.1f}" for rung, entry in entries.items())
    return f"{', '.join(speeds)} {unit}"


def as_markdown(document: dict[str, Any]) -> str:
    """Return the ladder's tables: a row per operation and shape, a column per rung."""
    machine, cases = document["machine"], document["cases"]
    sgemm = float(np.median([case["sgemm_gflops"] for case in cases]))
    size = document["sgemm_size"]
    parts = [
        "# The ladder, measured",
        f"{machine['cpu']}, {machine['threads']} threads, {occasions(document)}; "
        "float32, batch 64. "
        f"sgemm ({size}×{size}, OpenBLAS) in the same run: {sgemm:.0f} GFLOP/s. "
        "Made by `python -m benchmarks.kernels`.",
    ]
    if document["quick"]:
        parts.append("**A quick run: these figures mean nothing.**")
    for kind in OPERATIONS_OF:
        several = [case for case in cases if case["kind"] == kind]
        if several:
            title = kind.replace("_", " ").capitalize()
            rows = table(several, numbered=True)
            parts += [f"## {title}, {several[0]['unit']}", rows]
    return "\n\n".join(parts) + "\n"


def occasions(document: dict[str, Any]) -> str:
    """Return when the cases were measured, and on which commits."""
    dated = [{**document["machine"], **case} for case in document["cases"]]
    several = dict.fromkeys((one["date"][:10], one["commit"]) for one in dated)
    return " and ".join(f"{date}, scratchnet {commit}" for date, commit in several)


def table(cases: list[dict[str, Any]], *, numbered: bool = False) -> str:
    """Return one row per operation and shape, one column per rung.

    Args:
        cases: of one kind.
        numbered: whether rows have the numbers that they have in the picture.
    """
    found = _by_operation(cases)
    columns = _rungs(found)
    with_share = cases[0]["unit"] == "GFLOP/s"
    rows = []
    for number, (case, operation, entries) in enumerate(found, start=1):
        speeds = [
            f"{entries[rung]['speed']:.1f}" if rung in entries else "–"
            for rung in columns
        ]
        highest = list(entries.values())[-1]["speed"] / case["sgemm_gflops"]
        share = [f"{highest:.0%}"] if with_share else []
        names = [*([str(number)] if numbered else []), f"`{operation}`", case["label"]]
        rows.append([*names, *speeds, *share])
    titles = [*(["#"] if numbered else []), "operation", "shapes"]
    share = ["highest rung / sgemm"] if with_share else []
    return markdown([*titles, *columns, *share], rows, left=len(titles))


def _by_operation(
    cases: list[dict[str, Any]],
) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    """Return (case, operation, its rungs), one operation after the other."""
    names = dict.fromkeys(name for case in cases for name in case["operations"])
    return [
        (case, name, case["operations"][name])
        for name in names
        for case in cases
        if name in case["operations"]
    ]


def _rungs(found: list[tuple[dict[str, Any], str, dict[str, Any]]]) -> list[str]:
    return list(dict.fromkeys(rung for _, _, entries in found for rung in entries))


def picture(document: dict[str, Any]) -> Any:
    """Draw the rungs, a panel per kind; a line across marks sgemm."""
    title = (
        "every rung, by the numbers (#) of the rows in ladder.md: medians of "
        f"{document['rounds']} rounds; whiskers: quartiles"
    )
    kinds = list(dict.fromkeys(case["kind"] for case in document["cases"]))
    figure, axes = plot.figure(len(kinds), 1, width=14, height=2.5, title=title)
    for kind, (panel,) in zip(kinds, axes, strict=True):
        cases = [case for case in document["cases"] if case["kind"] == kind]
        found = _by_operation(cases)
        plot.bars(
            panel,
            [str(number + 1) for number in range(len(found))],
            {
                rung: [_bar(entries, rung) for _, _, entries in found]
                for rung in _rungs(found)
            },
            title=kind.replace("_", " "),
            label=cases[0]["unit"],
            level=_sgemm(cases),
        )
    return figure


def _sgemm(cases: list[dict[str, Any]]) -> tuple[str, float] | None:
    """Return how fast sgemm was beside them, if there is arithmetic to compare."""
    if cases[0]["unit"] != "GFLOP/s":
        return None
    return "sgemm", float(np.median([case["sgemm_gflops"] for case in cases]))


def _bar(entries: dict[str, Any], rung: str) -> plot.Interval | None:
    if rung not in entries:
        return None
    entry = entries[rung]
    return plot.speed(entry["seconds"], entry["speed"] * entry["seconds"]["median"])


if __name__ == "__main__":
    raise SystemExit(main())
