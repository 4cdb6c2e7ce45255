"""The page of a whole study: every data set, its models side by side."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from experiments.report import classes, scores
from experiments.report import history as history_figure
from experiments.report.drawing import Drawing, Drawn
from experiments.report.markup import Html, element, join, table
from experiments.report.page import alert, details, history, page
from experiments.report.run_page import confusions, headline, predictions, section
from experiments.report.subject import Subject

TABLE = (
    "model",
    "seed",
    "parameters",
    "epochs",
    "best",
    "test loss",
    "test accuracy",
    "seconds",
)


@dataclass(frozen=True)
class Reported:
    """A run with its figures and its page."""

    subject: Subject
    drawn: Mapping[str, Drawn]
    page: Path


@dataclass(frozen=True)
class Group:
    """All runs of one data set that can be compared.

    Attributes:
        name: part of the names of its figures, unlike that of any other group.
        runs: in the order of the table.
    """

    name: str
    runs: tuple[Reported, ...]

    @property
    def title(self) -> str:
        """The name of the data set that people use."""
        return self.runs[0].subject.dataset_title

    def first(self) -> dict[str, Reported]:
        """Return one run of each model: of its lowest seed, not of its best one."""
        found: dict[str, Reported] = {}
        for reported in self.runs:
            found.setdefault(reported.subject.model, reported)
        return found

    def trainings(self) -> dict[str, history_figure.Training]:
        """Return the histories of those runs."""
        return {name: run.subject.training for name, run in self.first().items()}

    def metric(self, name: str) -> dict[str, list[float]]:
        """Return a metric of every seed of every model."""
        values: dict[str, list[float]] = {}
        for reported in self.runs:
            seeds = values.setdefault(reported.subject.model, [])
            seeds.append(reported.subject.metrics[name])
        return values


def drawings(group: Group) -> list[Drawing]:
    """Return the figures in which the models of a data set stand side by side."""
    several = len(group.runs) > len(group.first())
    return [
        Drawing(
            f"{group.name}-scores",
            "Test accuracy and loss",
            "Each bar is the mean of a model's seeds, each dot a seed."
            if several
            else "With the weights of the best epoch.",
            lambda: scores.draw(
                group.metric("test_accuracy"), group.metric("test_loss")
            ),
        ),
        Drawing(
            f"{group.name}-history",
            "Training history",
            "Training solid, validation dotted; the star is the epoch whose weights "
            "were tested.",
            lambda: history_figure.draw(group.trainings()),
            size="wide",
        ),
    ]


def study_page(
    groups: Sequence[Group],
    drawn: Mapping[str, Drawn],
    left_out: Sequence[tuple[str, str]],
    folder: Path,
    *,
    charts: bool,
) -> str:
    """Return the page of a study.

    Args:
        groups: the runs, by data set.
        drawn: the figures of `drawings`, by name.
        left_out: folders of runs that are not in it, and why.
        folder: where the page goes; the runs' own pages are linked from there.
        charts: whether the histories are interactive; needs plotly.
    """
    leaks = {
        str(run.subject.run.record["leak"])
        for group in groups
        for run in group.runs
        if run.subject.run.record.get("leak")
    }
    body = join(
        [
            element("h1", "The study"),
            element(
                "p",
                f"{sum(len(group.runs) for group in groups)} runs on "
                f"{len(groups)} data sets, side by side."
                if len(groups) != 1
                else f"{len(groups[0].runs)} runs, side by side.",
            ),
            *(alert(f"Note: {leak}") for leak in sorted(leaks)),
            _left_out(left_out),
            element(
                "nav",
                *(
                    element("a", group.title, href=f"#data-{index}")
                    for index, group in enumerate(groups)
                ),
                Html(""),
            ),
            *(
                _group(index, group, drawn, folder, charts=charts)
                for index, group in enumerate(groups)
            ),
        ]
    )
    return page("The study", body, charts=charts)


def _group(
    index: int, group: Group, drawn: Mapping[str, Drawn], folder: Path, *, charts: bool
) -> Html:
    first = group.first()
    samples = [section(run.drawn, "samples") for run in first.values()]
    same_classes = len({run.subject.class_names for run in first.values()}) == 1
    return join(
        [
            element("h2", group.title, id=f"data-{index}"),
            _table(group, folder),
            drawn[f"{group.name}-scores"].figure(prefix=f"{group.title}: "),
            element("h3", "Training history"),
            history(
                f"history-{index}",
                group.trainings(),
                drawn[f"{group.name}-history"],
                charts=charts,
            ),
            element("h3", "Model by model"),
            *(_model(name, run) for name, run in first.items()),
            details(
                "F1 of every class, side by side",
                classes.side_by_side({n: run.subject for n, run in first.items()}),
            )
            if same_classes
            else Html(""),
            next((sample for sample in samples if sample), Html("")),
        ]
    )


def _model(name: str, run: Reported) -> Html:
    return details(
        f"{name}, {run.subject.metrics['test_accuracy']:.2%}: "
        "what it confuses, and its predictions",
        headline(run.subject),
        confusions(run.subject, run.drawn),
        predictions(run.subject, run.drawn),
    )


def _table(group: Group, folder: Path) -> Html:
    rows = []
    for reported in group.runs:
        subject = reported.subject
        metrics, best = subject.metrics, subject.training.best_epoch
        rows.append(
            [
                element("a", subject.model, href=_link(reported.page, folder)),
                str(subject.run.record.get("seed", "")),
                _count(metrics.get("parameters")),
                _count(metrics.get("epochs")),
                "" if best is None else str(best + 1),
                f"{metrics['test_loss']:.4f}",
                f"{metrics['test_accuracy']:.4f}",
                _count(metrics.get("seconds")),
            ]
        )
    return table(TABLE, rows)


def _link(page_of_run: Path, folder: Path) -> str:
    """Return the way from a page to another one, with forward slashes everywhere."""
    way = Path(os.path.relpath(page_of_run, folder)).as_posix()
    # "./": a first folder called "javascript:" is a folder, not an address.
    return "./" + quote(way)


def _count(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, (int, float)) else ""


def _left_out(left_out: Sequence[tuple[str, str]]) -> Html:
    if not left_out:
        return Html("")
    return details(
        f"{len(left_out)} runs are not in it",
        table(["folder", "why"], left_out, left=2),
    )
