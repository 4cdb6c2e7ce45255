"""docs/ladder.md: every rung's idea, its lines, its speed, and the mathematics.

    python -m benchmarks.ladder_page

Made from the docstrings and the source of `scratchnet.kernels`, and from the JSON that
`python -m benchmarks.kernels` wrote. What is on the page is written once, in the code.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import os
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks import kernels as measurements
from benchmarks import machine, plot, results
from benchmarks.kernel_cases import OPERATIONS_OF
from scratchnet.kernels import OPERATIONS, ladder

FOLDER = machine.ROOT / "docs"

COMMAND = "python -m benchmarks.ladder_page"


@dataclass(frozen=True)
class Chapter:
    """A part of the page: operations that are explained together.

    Attributes:
        title: its heading.
        module: where the mathematics is, below `scratchnet.kernels`.
        kind: of `OPERATIONS_OF`: which table of the benchmark.
        prefix: how the names of its operations begin.
        also: modules whose docstrings belong to the mathematics, too.
    """

    title: str
    module: str
    kind: str
    prefix: str = ""
    also: tuple[str, ...] = ()

    @property
    def operations(self) -> list[str]:
        """The names of its operations."""
        return [
            name
            for name in OPERATIONS_OF[self.kind]
            if name.startswith(self.prefix) and name in OPERATIONS
        ]


CHAPTERS = (
    Chapter(
        "Convolution", "convolution", "convolution", also=("convolution.transforms",)
    ),
    Chapter("Dense", "dense", "dense"),
    Chapter("Dense layers in a row", "dense_chain", "dense_chain"),
    Chapter("Max pooling", "pooling.max_pooling", "pooling", "max_pooling"),
    Chapter("Average pooling", "pooling.average_pooling", "pooling", "average_pooling"),
    Chapter("Batch normalisation", "batch_normalization", "batch_normalization"),
    Chapter(
        "Convolution, batch normalisation and pooling in one",
        "pooled_convolution",
        "pooled_convolution",
        also=("convolution.epilogues",),
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and its picture."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=results.FOLDER / "kernels.json",
        help="what `python -m benchmarks.kernels` wrote",
    )
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the page")
    options = parser.parse_args(arguments)
    if not options.json.is_file():
        parser.error(
            f"expected measurements in {options.json}, found none: "
            "run `python -m benchmarks.kernels` first"
        )
    document = results.read(options.json)
    path = options.out / "ladder.md"
    results.write_text(path, page(document, options.out))
    results.write_picture(path.with_suffix(".png"), picture(document))
    results.say(f"written: {path} and .png")
    return 0


def page(document: dict[str, Any], folder: Path = FOLDER) -> str:
    """Return the page, with links as they are right in a folder."""
    writer = Writer(document, folder)
    return "\n\n".join([*writer.introduction(), *writer.chapters()]) + "\n"


class Writer:
    """Writes the page, paragraph by paragraph."""

    def __init__(self, document: dict[str, Any], folder: Path) -> None:
        """Take the measurements, and where the page will lie."""
        self.document, self.folder = document, folder

    def introduction(self) -> Iterator[str]:
        """Say what a ladder is, how to climb it, and how fast each rung was."""
        described = self.document["machine"]
        speeds = [case["sgemm_gflops"] for case in self.document["cases"]]
        size = self.document["sgemm_size"]
        yield "# The ladder"
        yield f"<!-- Made by `{COMMAND}`. Change the docstrings, not this file. -->"
        yield body(ladder)
        yield (
            "To run a model on another rung: `scratchnet.kernels.set_rung('loops')`, "
            "or `with scratchnet.kernels.rung('loops'):` around a part of a program."
        )
        yield "![How fast every rung is](ladder.png)"
        if self.document["quick"]:
            yield "**A quick run: these figures mean nothing.**"
        yield (
            f"Measured by `python -m benchmarks.kernels` on {described['cpu']}, "
            f"{described['threads']} threads, "
            f"{measurements.occasions(self.document)}, on the shapes of the six "
            "models: float32, batches of 64. BLAS's own matrix product (sgemm, "
            f"OpenBLAS, {size}×{size}) reached {np.median(speeds):.0f} GFLOP/s in the "
            "same run."
        )
        yield "\n".join(
            f"- [{chapter.title}](#{anchor(chapter.title)})" for chapter in CHAPTERS
        )

    def chapters(self) -> Iterator[str]:
        """All chapters."""
        for chapter in CHAPTERS:
            yield f"## {chapter.title}"
            yield body(kernel_module(chapter.module))
            for name in chapter.also:
                module = kernel_module(name)
                yield f"### {summary(module)}"
                yield self.file_link(module)
                yield body(module)
            yield "### The lines that do it"
            yield "The `reference` rung, written to be read beside the equations."
            for name in chapter.operations:
                yield from self.lines(name)
            yield "### The rungs"
            yield from self.rungs(chapter)
            yield "### Measured"
            yield self.table(chapter)

    def lines(self, name: str) -> Iterator[str]:
        """Yield an operation's equation, and the code of its reference rung."""
        function = plain(OPERATIONS[name].rungs["reference"])
        yield f"**{self.line_link(function, name)}.** {summary(function)}"
        yield f"```python\n{code(function)}\n```"

    def rungs(self, chapter: Chapter) -> Iterator[str]:
        """Every rung's idea, and where its functions are."""
        own, told = kernel_module(chapter.module), set()
        for rung in ladder.RUNGS:
            functions = {
                name: plain(OPERATIONS[name].rungs[rung])
                for name in chapter.operations
                if rung in OPERATIONS[name].rungs
            }
            if not functions:
                continue
            yield f"#### {rung}"
            modules = dict.fromkeys(inspect.getmodule(f) for f in functions.values())
            for module in modules:
                if module is not None and module is not own:
                    yield f"*{summary(module)}* {self.file_link(module)}"
                    if module not in told:  # two rungs may be one module's
                        yield body(module)
                    told.add(module)
            yield "\n".join(
                f"- {self.line_link(function, name)}"
                + (f": {idea(function)}" if own in modules else "")
                for name, function in functions.items()
            )

    def table(self, chapter: Chapter) -> str:
        """Return the chapter's part of the benchmark."""
        cases = [
            {
                **case,
                "operations": {
                    name: rungs
                    for name, rungs in case["operations"].items()
                    if name in chapter.operations
                },
            }
            for case in self.document["cases"]
            if case["kind"] == chapter.kind
        ]
        if not any(case["operations"] for case in cases):
            return "Not part of this run."
        return f"{cases[0]['unit']}.\n\n{measurements.table(cases)}"

    def file_link(self, module: ModuleType) -> str:
        """Link to a module's file."""
        path = Path(str(module.__file__))
        return f"[{path.relative_to(machine.ROOT)}]({self.relative(path)})"

    def line_link(self, function: Callable[..., Any], text: str) -> str:
        """Link to the lines of a function."""
        lines, first = inspect.getsourcelines(function)
        path = self.relative(Path(str(inspect.getsourcefile(function))))
        return f"[`{text}`]({path}#L{first}-L{first + len(lines) - 1})"

    def relative(self, path: Path) -> str:
        """Return a path as seen from the page."""
        return Path(os.path.relpath(path, self.folder)).as_posix()


def kernel_module(name: str) -> ModuleType:
    """Return a module below `scratchnet.kernels`."""
    return importlib.import_module(f"scratchnet.kernels.{name}")


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Python function that was compiled."""
    found = inspect.unwrap(function)
    return getattr(found, "py_func", found)


def documentation(thing: Any) -> str:
    """Return a docstring; the page needs one of everything that it shows."""
    found = inspect.getdoc(thing)
    if not found:
        raise ValueError(
            f"{thing}: expected a docstring for docs/ladder.md, found none"
        )
    return found


def summary(thing: Any) -> str:
    """Return a docstring's first paragraph, in one line."""
    return " ".join(documentation(thing).split("\n\n")[0].split())


def body(module: ModuleType) -> str:
    """Return a docstring without its first paragraph; indented lines become code."""
    return "\n\n".join(documentation(module).split("\n\n")[1:])


def idea(function: Callable[..., Any]) -> str:
    """Return what a rung's docstring says before shapes and arguments."""
    paragraphs = documentation(function).split("\n\n")[1:]
    ends = ("Shapes", "Args")
    kept = [" ".join(p.split()) for p in paragraphs if not p.startswith(ends)]
    return " ".join(kept)


def code(function: Callable[..., Any]) -> str:
    """Return a function's source without decorators and docstring."""
    source = textwrap.dedent(inspect.getsource(function))
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef)
    lines = source.splitlines()
    head = lines[definition.lineno - 1 : definition.body[0].lineno - 1]
    return "\n".join([*head, *lines[definition.body[1].lineno - 1 :]])


def anchor(title: str) -> str:
    """Return the name by which GitHub links to a heading."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -")
    return kept.replace(" ", "-")


def picture(document: dict[str, Any]) -> Any:
    """Draw each chapter's rungs: the median over its operations and shapes."""
    figure, axes = plot.figure(2, 4, width=4.2, height=3)
    for panel in axes.flat[len(CHAPTERS) :]:
        panel.remove()
    for chapter, panel in zip(CHAPTERS, axes.flat, strict=False):
        found: dict[str, list[float]] = {}
        unit = ""
        for case in document["cases"]:
            for name in set(case["operations"]) & set(chapter.operations):
                unit = case["unit"]
                for rung, entry in case["operations"][name].items():
                    found.setdefault(rung, []).append(entry["speed"])
        rungs = [rung for rung in ladder.RUNGS if rung in found]
        medians = [float(np.median(found[rung])) for rung in rungs]
        bars = panel.bar(rungs, medians, color="#c44e52")
        panel.bar_label(bars, [f"{speed:.3g}" for speed in medians], fontsize=8)
        panel.set_title("\n".join(textwrap.wrap(chapter.title, 32)), fontsize=10)
        panel.set_ylabel(unit)
        panel.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    raise SystemExit(main())
