"""The page of a whole study: every data set, its models side by side."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from experiments.report import classes, scores
from experiments.report import history as history_figure
from experiments.report.drawing import Drawing, Drawn
from experiments.report.group import Group, counted_seeds
from experiments.report.look import counted
from experiments.report.markup import Html, element, join, table
from experiments.report.page import alert, details, history, page
from experiments.report.run_page import confusions, headline, predictions, section

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


def drawings(group: Group) -> list[Drawing]:
    """Return the figures in which the models of a data set stand side by side."""
    means = group.what_means()
    return [
        Drawing(
            f"{group.name}-scores",
            "Test accuracy and loss",
            f"Each bar is the {means}, each dot one of them."
            if means
            else "With the weights of the best epoch.",
            lambda: scores.draw(
                group.metric("test_accuracy"), group.metric("test_loss"), means
            ),
        ),
        Drawing(
            f"{group.name}-history",
            "Training history",
            "Training solid, validation dotted; the star is the epoch whose weights "
            f"were tested. {group.which_seeds()}".rstrip(),
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
    body = join(
        [
            element("h1", "The study"),
            element("p", _how_many(groups)),
            *(alert(f"Note: {leak}") for leak in _leaks(groups)),
            _left_out(left_out),
            _contents(groups),
            *(
                _group(index, group, drawn, folder, charts=charts)
                for index, group in enumerate(groups)
            ),
        ]
    )
    return page("The study", body, charts=charts)


def _how_many(groups: Sequence[Group]) -> str:
    subjects = [run.subject for group in groups for run in group.runs]
    datasets = {subject.dataset for subject in subjects}
    words = [counted(len(subjects), "run")]
    if len(datasets) > 1:
        words.append(f" on {counted(len(datasets), 'data set')}")
    if len(subjects) > 1:
        words.append(", side by side")
    return "".join([*words, "."])


def _leaks(groups: Sequence[Group]) -> list[str]:
    leaks = (run.subject.run.record.get("leak") for g in groups for run in g.runs)
    return sorted({str(leak) for leak in leaks if leak})


def _contents(groups: Sequence[Group]) -> Html:
    links = (
        element("a", group.title, href=f"#data-{index}")
        for index, group in enumerate(groups)
    )
    return element("nav", *links, Html(""))


def _group(
    index: int, group: Group, drawn: Mapping[str, Drawn], folder: Path, *, charts: bool
) -> Html:
    samples = [section(run.drawn, "samples") for run in group.first().values()]
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
            *(_model(group, model) for model in group.models),
            _every_class(group),
            next((sample for sample in samples if sample), Html("")),
        ]
    )


def _model(group: Group, model: str) -> Html:
    run, which = group.first()[model], group.which_seed(model)
    title = f"{model}, {which}" if which else model
    return details(
        f"{title}, {run.subject.metrics['test_accuracy']:.2%}: "
        "its layers, what it confuses, and its predictions",
        headline(run.subject, which),
        _mean(group, model),
        section(run.drawn, "layers", f"{run.subject.title}: "),
        confusions(run.subject, run.drawn),
        predictions(run.subject, run.drawn),
    )


def _mean(group: Group, model: str) -> Html:
    runs = group.models[model]
    if len(runs) == 1:
        return Html("")
    accuracy, loss = (group.mean(model, f"test_{m}") for m in ("accuracy", "loss"))
    return element(
        "p",
        f"Mean of {counted_seeds(runs)}: test accuracy {accuracy:.2%}, "
        f"test loss {loss:.4f}.",
    )


def _every_class(group: Group) -> Html:
    subjects = group.named()
    if len({subject.class_names for subject in subjects.values()}) > 1:
        return Html("")
    which = group.which_seeds()
    return details(
        "F1 of every class, side by side",
        element("p", which) if which else Html(""),
        classes.side_by_side(subjects),
    )


def _table(group: Group, folder: Path) -> Html:
    rows = []
    for reported in group.runs:
        subject = reported.subject
        metrics, best = subject.metrics, subject.training.best_epoch
        rows.append(
            [
                element("a", subject.model, href=_link(reported.page, folder)),
                "" if subject.seed is None else str(subject.seed),
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
    are = "is" if len(left_out) == 1 else "are"
    return details(
        f"{counted(len(left_out), 'run')} {are} not in it",
        table(["folder", "why"], left_out, left=2),
    )
