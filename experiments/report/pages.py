"""The pages: what the templates are filled with.

jinja2 escapes every text that comes from outside; the templates name the two things
that are not escaped, the style sheet and the page's own scripts.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments.report import curves, tables
from experiments.report.drawing import Drawing
from experiments.report.finished import FinishedRun
from experiments.report.group import Group
from experiments.report.look import counted, readable

TEMPLATES = Path(__file__).resolve().parent / "templates"


class UnavailableError(ImportError):
    """The library that pages are written with is not installed."""


def environment() -> Any:
    """Return jinja2's environment, in which texts are escaped.

    Raises:
        UnavailableError: jinja2 is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        raise UnavailableError(
            "the report needs jinja2: `pip install -e '.[report]'` brings it, then "
            "`python -m experiments report` writes the report of the runs that are "
            "there"
        ) from error
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"allow_nan": False}
    made.filters |= {
        "counted": counted,
        "data_url": data_url,
        "readable": readable,
        "sha256": sha256,
    }
    made.globals |= {"curves": curves, "tables": tables}
    return made


def run_page(run: FinishedRun) -> str:
    """Return the page of a run whose figures were drawn."""
    return environment().get_template("run.html").render(scripts=scripts(), run=run)


def study_page(
    groups: Sequence[Group],
    drawings: Mapping[str, Drawing],
    left_out: Sequence[tuple[str, str]],
    folder: Path,
) -> str:
    """Return the page of a study.

    Args:
        groups: the runs, by data set.
        drawings: the figures of the groups, by name.
        left_out: folders of runs that are not in it, and why.
        folder: where the page goes; the runs' own pages are linked from there.
    """
    runs = [run for group in groups for run in group.runs]
    return (
        environment()
        .get_template("study.html")
        .render(
            scripts=scripts(),
            runs=runs,
            datasets=len({run.dataset for run in runs}),
            leaks=sorted({str(run.leak) for run in runs if run.leak}),
            groups=groups,
            drawings=drawings,
            left_out=list(left_out),
            folder=folder,
        )
    )


def has_charts() -> bool:
    """Return whether plotly is installed, which draws charts in the browser."""
    return find_spec("plotly") is not None


def scripts() -> list[str]:
    """Return the scripts that a page with charts needs, in order; none without."""
    if not has_charts():
        return []
    from plotly.offline import get_plotlyjs

    return [get_plotlyjs(), (TEMPLATES / "charts.js").read_text(encoding="utf-8")]


def data_url(png: bytes) -> str:
    """Return a picture as an address that holds the picture itself."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def sha256(script: str) -> str:
    """Return the checksum by which a Content-Security-Policy names a script."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return base64.b64encode(digest).decode("ascii")
