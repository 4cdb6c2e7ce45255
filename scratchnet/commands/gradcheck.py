"""``scratchnet gradcheck``: check the gradients of all layers and losses."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from scratchnet.commands import integer
from scratchnet.kernels import ladder


def add_parser(subparsers: Any) -> None:
    """Add the command to ``scratchnet``'s."""
    parser = subparsers.add_parser(
        "gradcheck",
        help="compare every layer's gradients with central differences",
        description=(
            "Check the hand-written gradients of scratchnet's layers and losses "
            "against central differences, in float64, along a random direction and "
            "element by element. For a layer of your own, call "
            "scratchnet.gradcheck(layer, input_shape=...)."
        ),
    )
    parser.add_argument(
        "layers",
        nargs="*",
        metavar="LAYER",
        help="layers or losses by name, such as Conv2D (default: all)",
    )
    parser.add_argument(
        "--rung",
        choices=ladder.RUNGS,
        help="the kernels to check (default: the ones that training runs on)",
    )
    parser.add_argument(
        "--seed",
        type=integer(0),
        default=0,
        help="what all random values grow from (default: 0)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the cases of the layers named, print a line for each and a table.

    Returns:
        0 where all passed, 1 where one failed, 2 for an unknown name.
    """
    from scratchnet.gradcheck.cases import CASES

    try:
        names = [_find(name, CASES) for name in arguments.layers] or list(CASES)
    except ValueError as error:
        print(f"scratchnet gradcheck: {error}", file=sys.stderr)
        return 2
    with ladder.rung(arguments.rung or ladder.get_rung()):
        totals = [
            _run_cases(name, CASES[name], arguments.seed)
            for name in dict.fromkeys(names)
        ]
    _print_table(totals)
    return 0 if all(passed == count for _, count, passed, _ in totals) else 1


def _run_cases(name: str, cases: list[Any], seed: int) -> tuple[str, int, int, float]:
    """Check one layer's cases; return (name, cases, passed, largest error)."""
    print(name)
    reports = []
    for case in cases:
        report = case.check(seed)
        reports.append(report)
        verdict = "ok    " if report.passed else "FAILED"
        print(f"  {verdict}  {report.relative_error:.1e}  {case.title}", flush=True)
        if not report.passed:
            print("    " + str(report).replace("\n", "\n    "))
    passed = sum(report.passed for report in reports)
    worst = max(report.relative_error for report in reports)
    return name, len(reports), passed, worst


def _print_table(totals: list[tuple[str, int, int, float]]) -> None:
    width = max(len(name) for name, *_ in totals)
    print(f"\n{'':{width}}  cases  passed  largest relative error")
    for name, count, passed, worst in totals:
        print(f"{name:{width}}  {count:5}  {passed:6}  {worst:.1e}")
    failed = [name for name, count, passed, _ in totals if passed < count]
    print(f"\nFAILED: {', '.join(failed)}" if failed else "\nall gradients agree")


def _find(name: str, cases: dict[str, Any]) -> str:
    """Return a name as it is written in the table of cases, whatever its capitals."""
    from scratchnet.foundation.lookup import suggest

    lower = {known.lower(): known for known in cases}
    if name.lower() in lower:
        return lower[name.lower()]
    raise ValueError(f"unknown layer or loss {name!r}{suggest(name, cases)}")
