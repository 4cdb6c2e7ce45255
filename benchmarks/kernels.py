"""The ladder: every rung of every operation, on the shapes of the six models.

    python -m benchmarks.kernels

GFLOP/s of convolution and dense, beside sgemm of the same run; GB/s of what memory
limits. The tables go to ``ladder.md``, too, for the documentation.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import command, results
from benchmarks.harness.libraries import SGEMM
from benchmarks.harness.networks import CASES
from benchmarks.harness.processes import Worker
from benchmarks.harness.results import Document, say
from benchmarks.harness.statistics import summary
from benchmarks.harness.tables import markdown
from benchmarks.harness.turns import Run, Turns, interleaved
from benchmarks.kernel_cases import (
    OPERATIONS_OF,
    KernelCase,
    Shape,
    arguments,
    kernel_cases,
)
from scratchnet.kernels import OPERATIONS

LADDER = "benchmarks.kernels:KernelLadder"

# Mean difference from the reference, relative to the mean size of an array's values.
# Tests know better bounds; this one finds a rung that computes something else. A mean,
# for a maximum among almost equals may be another one after other rounding.
TOLERANCE = 1e-3

Row = tuple[dict[str, Any], str, dict[str, Any]]
"""A case, one of its operations, and what was found for its rungs."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = command.parser("kernels", __doc__, rounds=5)
    command.add_names(parser, "--models", tuple(CASES))
    command.add_names(parser, "--kinds", tuple(OPERATIONS_OF))
    options = command.parse(parser, words)
    document = command.run(options, measure, as_table)
    results.write_text(options.out / "ladder.md", as_table(document))
    return 0


def measure(options: argparse.Namespace) -> Iterator[Document]:
    """Measure shape after shape: all operations and rungs, and sgemm, in turn."""
    sgemm_size, warm_up = (256, 0.0) if options.quick else (2048, 1.0)
    document, earlier = results.begin(options, sgemm_size=sgemm_size)
    kept = earlier.get("cases", [])
    found = {(case["kind"], case["label"]): case for case in kept}
    with (
        Worker(LADDER, threads=options.threads) as ladder,
        Worker(SGEMM, threads=options.threads) as sgemm,
    ):
        flop = sgemm.call("measure", sgemm_size)
        sgemm.call("warm_up", "sgemm", warm_up, 0.1)
        for case in kernel_cases(options.models):
            if case.kind in options.kinds:
                one = measure_case(case, ladder, sgemm, flop, options)
                found[case.kind, case.label] = results.dated(document, one)
    keys = [(case.kind, case.label) for case in kernel_cases()]
    document["cases"] = [found[key] for key in keys if key in found]
    yield document


def measure_case(
    case: KernelCase,
    ladder: Worker,
    sgemm: Worker,
    sgemm_flop: float,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Time all rungs of all operations on one shape, and sgemm with them."""
    say(f"{case.kind}: {case.label}")
    warm_up, turn = (0.0, 0.001) if options.quick else (0.05, 0.05)
    sizes = ladder.call("prepare", case.kind, case.shapes, case.operations)
    turns = {"sgemm": partial(sgemm.call, "turn", "sgemm")}
    for operation in case.operations:
        for rung in OPERATIONS[operation].rungs:
            name = f"{operation}/{rung}"
            ladder.call("warm_up", name, warm_up, turn)
            turns[name] = partial(ladder.call, "turn", name)
    times = interleaved(turns, options.rounds)
    unit = "GB/s" if case.flop is None else "GFLOP/s"
    operations: dict[str, Any] = {}
    for operation in case.operations:
        work = case.flop_of(operation) or sizes[operation]
        entries = {}
        for rung in OPERATIONS[operation].rungs:
            seconds = times[f"{operation}/{rung}"]
            speed = work / float(np.median(seconds)) / 1e9
            entries[rung] = {"seconds": summary(seconds), "speed": speed}
        operations[operation] = entries
        speeds = (f"{rung} {entries[rung]['speed']:.1f}" for rung in entries)
        say(f"  {operation}: {', '.join(speeds)} {unit}")
    return {
        "kind": case.kind,
        "shapes": case.shapes,
        "label": case.label,
        "models": case.models,
        "unit": unit,
        "sgemm_gflops": sgemm_flop / float(np.median(times["sgemm"])) / 1e9,
        "operations": operations,
    }


class KernelLadder(Turns):
    """What runs in the worker: the operations of one shape at a time, rung by rung."""

    def prepare(
        self, kind: str, shapes: dict[str, Shape], operations: tuple[str, ...]
    ) -> dict[str, int]:
        """Forget earlier shapes; add every rung as ``operation/rung``, checked.

        Returns:
            Operation → bytes of its arrays, each counted once. Of what `gather` reads
            from, only the rows that it takes are counted.

        Raises:
            AssertionError: a rung's result is not the reference's.
        """
        self.drop()
        values = arguments(kind, shapes)
        sizes = {}
        for name in operations:
            rungs = OPERATIONS[name].rungs
            parameters = inspect.signature(rungs["reference"]).parameters
            call = {parameter: values[parameter] for parameter in parameters}
            arrays = _arrays(call)
            if "indices" in call:
                arrays["x"] = arrays["x"][: len(call["indices"])]
            sizes[name] = sum(array.nbytes for array in arrays.values())
            _check(rungs, call)
            for rung, implementation in rungs.items():
                self.add(f"{name}/{rung}", _repeat(implementation, list(call.values())))
        return sizes


def _repeat(implementation: Callable, call: list[Any]) -> Run:
    def run(steps: int) -> None:
        for _ in range(steps):
            implementation(*call)

    return run


def _arrays(call: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return all arrays; those in a tuple by ``name[0]``, ``name[1]``, ..."""
    found = {}
    for name, value in call.items():
        several = value if isinstance(value, tuple) else (value,)
        for i, one in enumerate(several):
            if isinstance(one, np.ndarray):
                found[f"{name}[{i}]" if several is value else name] = one
    return found


def _check(rungs: dict[str, Callable], call: dict[str, Any]) -> None:
    """Compare what all rungs make of the same arrays."""
    arrays = _arrays(call)
    before = {name: array.copy() for name, array in arrays.items()}
    expected: dict[str, np.ndarray] = {}
    for rung, implementation in rungs.items():
        for name, array in before.items():
            arrays[name][...] = array
        implementation(*call.values())
        for name, result in arrays.items():
            if rung == "reference":
                expected[name] = result.copy()
                continue
            size = np.abs(expected[name]).mean()
            assert np.abs(result - expected[name]).mean() <= TOLERANCE * size, (
                f"{implementation.__name__}: {name} is not the reference's"
            )


def as_table(document: Document) -> str:
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
    for kind, rows in rows_by_kind(document).items():
        title = f"## {kind.replace('_', ' ').capitalize()}, {rows[0][0]['unit']}"
        parts += [title, table(rows)]
    return "\n\n".join(parts) + "\n"


def occasions(document: Document) -> str:
    """Return when the cases were measured, and on which commits."""
    dated = [{**document["machine"], **case} for case in document["cases"]]
    several = dict.fromkeys((one["date"][:10], one["commit"]) for one in dated)
    return " and ".join(f"{date}, scratchnet {commit}" for date, commit in several)


def rows_by_kind(document: Document) -> dict[str, list[Row]]:
    """Return what was measured, one operation of a kind after the other."""
    found: dict[str, list[Row]] = {}
    for case in document["cases"]:
        rows = found.setdefault(case["kind"], [])
        rows += [(case, name, rungs) for name, rungs in case["operations"].items()]
    for rows in found.values():
        order = list(dict.fromkeys(name for _, name, _ in rows))
        rows.sort(key=lambda row: order.index(row[1]))
    return found


def table(rows: list[Row]) -> str:
    """Return rows of one kind, from `rows_by_kind`, with a column per rung."""
    columns = list(dict.fromkeys(rung for _, _, entries in rows for rung in entries))
    lines = []
    for case, operation, entries in rows:
        speeds = [
            f"{entries[rung]['speed']:.1f}" if rung in entries else "–"
            for rung in columns
        ]
        highest = list(entries.values())[-1]["speed"]
        share = f"{highest / case['sgemm_gflops']:.0%}"
        lines.append([f"`{operation}`", case["label"], *speeds, share])
    header = ["operation", "shapes", *columns, "highest rung / sgemm"]
    shown = slice(None if rows[0][0]["unit"] == "GFLOP/s" else -1)
    return markdown(header[shown], [line[shown] for line in lines], left=2)


if __name__ == "__main__":
    raise SystemExit(main())
