"""Model by model, library by library: what the benchmarks against peers share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.harness import command, peers, results
from benchmarks.harness.networks import CASES, Case
from benchmarks.harness.results import Document

AGAINST = "faster than the fastest peer [95 %]"


def parser(
    benchmark: str,
    doc: str,
    *,
    rounds: int,
    libraries: Sequence[str],
    default: str = "all",
) -> argparse.ArgumentParser:
    """Return a `command.parser` with ``--models`` and ``--libraries``."""
    made = command.parser(benchmark, doc, rounds=rounds)
    command.add_names(made, "--models", tuple(CASES))
    command.add_names(made, "--libraries", libraries, default)
    return made


def measure_models(
    options: argparse.Namespace,
    measure: Callable[[Case, list[str], argparse.Namespace], dict[str, Any]],
) -> Iterator[Document]:
    """Measure the chosen models, with those of the chosen libraries that are here."""
    libraries, missing = peers.installed(options.libraries)
    document, earlier = results.begin(options, libraries=libraries, missing=missing)
    document["cases"] = earlier.get("cases", {})
    for name in options.models:
        results.say(f"{CASES[name].title} ({' | '.join(libraries)}):")
        found = measure(CASES[name], libraries, options)
        document["cases"][name] = results.dated(document, found)
        yield document


def cells(
    found: dict[str, Any], libraries: Sequence[str], what: str, factor: float = 1
) -> list[str]:
    """Return the medians of all libraries, and how we compare with the fastest peer."""
    entries, against = found["libraries"], found["against_fastest_peer"]
    medians = [
        f"{entries[name][what]['median'] * factor:.2f}" if name in entries else "–"
        for name in libraries
    ]
    return [*medians, against["text"] if against else "–"]
