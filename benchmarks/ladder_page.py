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
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks import kernels as measurements
from benchmarks.harness import machine, plot, results
from benchmarks.harness.results import Document
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
    argparse.ArgumentParser(
        prog=COMMAND, description=__doc__.splitlines()[0]
    ).parse_args(arguments)
    document = results.read(results.FOLDER / "kernels.json")
    path = FOLDER / "ladder.md"
    results.write_text(path, page(document))
    results.write_picture(path.with_suffix(".png"), picture(document))
    results.say(f"written: {path} and .png")
    return 0


def page(document: Document) -> str:
    """Return the page, with links as they are right in `FOLDER`."""
    parts = [*introduction(document)]
    for chapter in CHAPTERS:
        parts += explanation(chapter)
        parts += ["### The rungs", *rungs(chapter)]
        parts += ["### Measured", table(chapter, document)]
    return "\n\n".join(parts) + "\n"


def introduction(document: Document) -> Iterator[str]:
    """Say what a ladder is, how to climb it, and how fast each rung was."""
    described = document["machine"]
    speeds = [case["sgemm_gflops"] for case in document["cases"]]
    size = document["sgemm_size"]
    yield "# The ladder"
    yield f"<!-- Made by `{COMMAND}`. Change the docstrings, not this file. -->"
    yield body(ladder)
    yield (
        "To run a model on another rung: `scratchnet.kernels.set_rung('loops')`, "
        "or `with scratchnet.kernels.rung('loops'):` around a part of a program."
    )
    yield "![How fast every rung is](ladder.png)"
    if document["quick"]:
        yield "**A quick run: these figures mean nothing.**"
    yield (
        f"Measured by `python -m benchmarks.kernels` on {described['cpu']}, "
        f"{described['threads']} threads, {measurements.occasions(document)}, on the "
        "shapes of the six models: float32, batches of 64. BLAS's own matrix product "
        f"(sgemm, OpenBLAS, {size}×{size}) reached {np.median(speeds):.0f} GFLOP/s in "
        "the same run."
    )
    yield "\n".join(
        f"- [{chapter.title}](#{anchor(chapter.title)})" for chapter in CHAPTERS
    )


def explanation(chapter: Chapter) -> Iterator[str]:
    """Yield the mathematics, and the code of the reference rung beside it."""
    yield f"## {chapter.title}"
    yield body(kernel_module(chapter.module))
    for name in chapter.also:
        module = kernel_module(name)
        yield f"### {summary(module)}"
        yield file_link(module)
        yield body(module)
    yield "### The lines that do it"
    yield "The `reference` rung, written to be read beside the equations."
    for name in chapter.operations:
        function = plain(OPERATIONS[name].rungs["reference"])
        yield f"**{line_link(function, name)}.** {summary(function)}"
        yield f"```python\n{code(function)}\n```"


def rungs(chapter: Chapter) -> Iterator[str]:
    """Yield every rung's idea, and where its functions are."""
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
                yield f"*{summary(module)}* {file_link(module)}"
                if module not in told:  # two rungs may be one module's
                    yield body(module)
                told.add(module)
        yield "\n".join(
            f"- {line_link(function, name)}"
            + (f": {idea(function)}" if own in modules else "")
            for name, function in functions.items()
        )


def table(chapter: Chapter, document: Document) -> str:
    """Return the chapter's part of the benchmark."""
    found = rows(chapter, document)
    if not found:
        return "Not part of this run."
    return f"{found[0][0]['unit']}.\n\n{measurements.table(found)}"


def rows(chapter: Chapter, document: Document) -> list[measurements.Row]:
    """Return the chapter's operations, on all shapes that were measured."""
    found = measurements.rows_by_kind(document).get(chapter.kind, [])
    return [row for row in found if row[1] in chapter.operations]


def file_link(module: ModuleType) -> str:
    """Link to a module's file."""
    path = relative(str(module.__file__))
    return f"[{path}](../{path})"


def line_link(function: Callable[..., Any], text: str) -> str:
    """Link to the lines of a function."""
    lines, first = inspect.getsourcelines(function)
    path = relative(str(inspect.getsourcefile(function)))
    return f"[`{text}`](../{path}#L{first}-L{first + len(lines) - 1})"


def relative(path: str) -> str:
    """Return a path as seen from the repository's root."""
    return Path(path).relative_to(machine.ROOT).as_posix()


def kernel_module(name: str) -> ModuleType:
    """Return a module below `scratchnet.kernels`."""
    return importlib.import_module(f"scratchnet.kernels.{name}")


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Python function that was compiled."""
    found = inspect.unwrap(function)
    return getattr(found, "py_func", found)


def paragraphs(thing: Any) -> list[str]:
    """Return a docstring's paragraphs; the page needs one of all that it shows."""
    found = inspect.getdoc(thing)
    if not found:
        raise ValueError(
            f"{thing}: expected a docstring for docs/ladder.md, found none"
        )
    return found.split("\n\n")


def summary(thing: Any) -> str:
    """Return a docstring's first paragraph, in one line."""
    return " ".join(paragraphs(thing)[0].split())


def body(module: ModuleType) -> str:
    """Return a docstring without its first paragraph; indented lines become code."""
    return "\n\n".join(paragraphs(module)[1:])


def idea(function: Callable[..., Any]) -> str:
    """Return what a rung's docstring says before shapes and arguments."""
    ends = ("Shapes", "Args")
    kept = [p for p in paragraphs(function)[1:] if not p.startswith(ends)]
    return " ".join(" ".join(kept).split())


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


def picture(document: Document) -> Any:
    """Draw each chapter's rungs: the median over its operations and shapes."""
    figure, axes = plot.figure(2, 4, width=4.2, height=3)
    for panel in axes.flat[len(CHAPTERS) :]:
        panel.remove()
    for chapter, panel in zip(CHAPTERS, axes.flat, strict=False):
        found = rows(chapter, document)
        speeds = {
            rung: [entries[rung]["speed"] for _, _, entries in found if rung in entries]
            for rung in ladder.RUNGS
        }
        medians = {
            rung: np.median(several) for rung, several in speeds.items() if several
        }
        bars = panel.bar(list(medians), list(medians.values()), color="#c44e52")
        panel.bar_label(bars, [f"{x:.3g}" for x in medians.values()], fontsize=8)
        panel.set_title("\n".join(textwrap.wrap(chapter.title, 32)), fontsize=10)
        panel.set_ylabel(found[0][0]["unit"] if found else "")
        panel.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    raise SystemExit(main())
