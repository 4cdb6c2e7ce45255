"""The page of one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.report import classes
from experiments.report.drawing import Drawn
from experiments.report.look import counted
from experiments.report.markup import Html, element, join
from experiments.report.page import alert, details, facts, history, page, pairs_table
from experiments.report.subject import Subject

PREDICTIONS = (
    "predictions-right",
    "predictions-wrong",
    "confident-mistakes",
    "top-5",
)


def run_page(subject: Subject, drawn: Mapping[str, Drawn], *, charts: bool) -> str:
    """Return the page of a run.

    Args:
        subject: the run.
        drawn: its figures by name.
        charts: whether the history is interactive; needs plotly.
    """
    leak = subject.run.record.get("leak")
    body = join(
        [
            element("h1", subject.title),
            headline(subject),
            alert(f"Note: {leak}") if leak else Html(""),
            element("h2", "Training"),
            history(
                "history",
                {subject.model: subject.training},
                drawn["history"],
                charts=charts,
            ),
            section(drawn, "layers", f"{subject.title}: "),
            element("h2", "Which classes are confused"),
            confusions(subject, drawn),
            element("h2", "Classes one by one"),
            details(
                f"Precision, recall and F1 of {len(subject.class_names)} classes",
                classes.report_table(subject),
                is_open=len(subject.class_names) <= 20,
            ),
            element(
                "p",
                "The same as JSON: ",
                element("code", "report.json"),
                ".",
                class_="soft",
            ),
            element("h2", "Predictions"),
            predictions(subject, drawn),
            element("h2", "Data"),
            section(drawn, "samples") or _no_images(subject),
            element("h2", "How it was made"),
            facts(origin(subject)),
        ]
    )
    return page(subject.title, body, charts=charts)


def headline(subject: Subject, whose: str = "") -> Html:
    """Say in a sentence what came out.

    Args:
        subject: the run.
        whose: what to call it, if it is one of several.
    """
    metrics, best = subject.metrics, subject.training.best_epoch
    epoch = "" if best is None else f", with the weights of epoch {best + 1}"
    return element(
        "p",
        f"{whose[0].upper()}{whose[1:]}: test accuracy " if whose else "Test accuracy ",
        element("strong", f"{metrics['test_accuracy']:.2%}"),
        f", test loss {metrics['test_loss']:.4f}, on {len(subject.labels):,} images "
        f"of {len(subject.class_names)} classes{epoch}.",
    )


def section(drawn: Mapping[str, Drawn], name: str, prefix: str = "") -> Html:
    """Return a figure under its heading, or nothing if there is none."""
    if name not in drawn:
        return Html("")
    found = drawn[name]
    return join([element("h3", found.drawing.title), found.figure(prefix=prefix)])


def confusions(subject: Subject, drawn: Mapping[str, Drawn]) -> Html:
    """Return the matrices and the pairs."""
    prefix = f"{subject.title}: "
    pairs = section(drawn, "confused-pairs", prefix)
    return join(
        [
            section(drawn, "confusion", prefix),
            section(drawn, "confusion-superclasses", prefix),
            pairs or element("p", "There is no mistake among the test images."),
            details("The pairs as a table", pairs_table(subject)) if pairs else pairs,
        ]
    )


def predictions(subject: Subject, drawn: Mapping[str, Drawn]) -> Html:
    """Return the figures with test images, or why there are none."""
    prefix = f"{subject.title}: "
    return join(section(drawn, name, prefix) for name in PREDICTIONS) or _no_images(
        subject
    )


def _no_images(subject: Subject) -> Html:
    return alert(f"No images are shown here: {subject.why_no_images}")


def origin(subject: Subject) -> list[tuple[str, str]]:
    """Return how a run was made, as far as its folder says so."""
    record = subject.run.record
    about, protocol, environment, provenance = (
        found if isinstance(found, dict) else {}
        for found in (
            record.get("dataset"),
            record.get("protocol"),
            record.get("environment"),
            (record.get("dataset") or {}).get("provenance"),
        )
    )
    return [
        ("folder", str(subject.run.folder)),
        ("data", _data(subject, about, provenance)),
        ("protocol", _listed(protocol)),
        (
            "parameters",
            f"{subject.metrics['parameters']:,}"
            if type(subject.metrics.get("parameters")) is int
            else "",
        ),
        ("training time", _seconds(subject.metrics)),
        ("started", str(record.get("started", ""))),
        ("machine", str(environment.get("processor", ""))),
        (
            "versions",
            _listed(
                {
                    name: environment[name]
                    for name in ("scratchnet", "python", "numpy", "numba")
                    if name in environment
                }
            ),
        ),
    ]


def _data(subject: Subject, about: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    counts = [
        f"{about[f'{part}_samples']:,} {part}"
        for part in ("training", "validation", "test")
        if type(about.get(f"{part}_samples")) is int
    ]
    words = [subject.dataset, ", ".join(counts)]
    if found.get("folder"):
        words.append(f"from {found['folder']} (verified: {found.get('level')})")
    return "; ".join(word for word in words if word)


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {v}" for name, v in values.items())


def _seconds(metrics: Mapping[str, Any]) -> str:
    if not isinstance(metrics.get("seconds"), (int, float)):
        return ""
    epochs = metrics.get("epochs")
    trained = f" for {counted(epochs, 'epoch')}" if type(epochs) is int else ""
    return f"{metrics['seconds']:,.0f} s{trained}"
