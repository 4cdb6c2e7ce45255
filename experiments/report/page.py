"""What the pages of runs and of a study have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from string import Template

from experiments.report import confusion, interactive
from experiments.report.drawing import Drawn
from experiments.report.history import Training
from experiments.report.look import readable
from experiments.report.markup import Html, element, join, script_hash, table
from experiments.report.subject import Subject

HOW_TO_INTERACT = "pip install -e '.[report]'"


def page(title: str, body: Html, *, charts: bool) -> str:
    """Return a page that needs no other file and no network.

    The page allows no script but its own, each by its checksum: had a text slipped
    through unescaped, a browser would still not run it.

    Args:
        title: of the page.
        body: what stands in it.
        charts: whether it has interactive charts.
    """
    scripts = interactive.scripts() if charts else []
    template = resources.files("experiments.report").joinpath("template.html")
    return Template(template.read_text(encoding="utf-8")).substitute(
        title=escape(title),
        body=body,
        scripts="\n".join(f"<script>{source}</script>" for source in scripts),
        scripts_allowed=" ".join(map(script_hash, scripts)) or "'none'",
    )


def history(
    identifier: str,
    trainings: Mapping[str, Training],
    drawn: Drawn,
    *,
    charts: bool,
) -> Html:
    """Return the training history: charts, or the picture and how to get charts."""
    if not charts:
        return join(
            [
                drawn.figure(),
                element(
                    "p",
                    "For charts to point at, to zoom into and to take apart, install "
                    "plotly and make the report again: ",
                    element("code", HOW_TO_INTERACT),
                    class_="soft",
                ),
            ]
        )
    return join(
        [
            interactive.charts(identifier, trainings),
            element(
                "p",
                f"{drawn.drawing.caption} Point at a line to read it, drag to zoom, "
                "double-click to go back; a click on a name hides what belongs to it.",
                class_="soft",
            ),
            element("noscript", drawn.figure()),
        ]
    )


def pairs_table(subject: Subject) -> Html:
    """Return the most confused pairs by name."""
    names = subject.class_names
    return table(
        ["true", "predicted", "images", "of the true class"],
        [
            [
                readable(names[pair.true], 60),
                readable(names[pair.predicted], 60),
                f"{pair.count:,}",
                f"{pair.share:.1%}",
            ]
            for pair in confusion.most_confused(subject.confusion)
        ],
        left=2,
    )


def facts(pairs: Sequence[tuple[str, str]]) -> Html:
    """Return names and what they stand for."""
    return element(
        "dl",
        *(
            join([element("dt", name), element("dd", value or Html("–"))])
            for name, value in pairs
        ),
        Html(""),
    )


def alert(text: str) -> Html:
    """Return a sentence that must not be missed."""
    return element("p", text, class_="alert")


def details(summary: str, *children: str, is_open: bool = False) -> Html:
    """Return a part of the page that opens when one asks for it."""
    opened = {"open": "open"} if is_open else {}
    return element("details", element("summary", summary), *children, **opened)
