"""The runs that stand side by side on a study's page, and what to call their seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from experiments.report.drawing import Drawn
from experiments.report.history import Training
from experiments.report.look import counted
from experiments.report.subject import Subject


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
        runs: in the order of the table, a model's lowest seed first.
    """

    name: str
    runs: tuple[Reported, ...]

    @property
    def title(self) -> str:
        """The name of the data set that people use."""
        return self.runs[0].subject.dataset_title

    @cached_property
    def models(self) -> dict[str, list[Reported]]:
        """Every model's runs."""
        found: dict[str, list[Reported]] = {}
        for reported in self.runs:
            found.setdefault(reported.subject.model, []).append(reported)
        return found

    @property
    def several(self) -> bool:
        """Whether a model has more than one seed: then, one of them is shown."""
        return len(self.runs) > len(self.models)

    def first(self) -> dict[str, Reported]:
        """Return one run of each model: of its lowest seed, not of its best one."""
        return {model: runs[0] for model, runs in self.models.items()}

    def named(self) -> dict[str, Subject]:
        """Return the same by a name for columns and curves, with the seed if needed."""
        return {
            f"{model}, {_seed(run.subject)}" if self.several else model: run.subject
            for model, run in self.first().items()
        }

    def trainings(self) -> dict[str, Training]:
        """Return the histories of those runs."""
        return {name: subject.training for name, subject in self.named().items()}

    def metric(self, name: str) -> dict[str, list[float]]:
        """Return a metric of every seed of every model."""
        return {
            model: [run.subject.metrics[name] for run in runs]
            for model, runs in self.models.items()
        }

    def mean(self, model: str, metric: str) -> float:
        """Return the mean of a metric over the seeds of a model."""
        return float(np.mean(self.metric(metric)[model]))

    def which_seed(self, model: str) -> str:
        """Say which seed of a model is shown, and of how many; "" if all have one."""
        if not self.several:
            return ""
        runs = self.models[model]
        among = f"one of {len(runs)}" if len(runs) > 1 else "the only one"
        return f"{_seed(runs[0].subject)} ({among})"

    def which_seeds(self) -> str:
        """Say the same of all models, in a sentence."""
        if not self.several:
            return ""
        seeds = {model: self.which_seed(model) for model in self.models}
        if len(set(seeds.values())) == 1:
            return f"One seed of each model is shown: {next(iter(seeds.values()))}."
        listed = (f"{model} {seed}" for model, seed in seeds.items())
        return f"One seed of each model is shown: {', '.join(listed)}."

    def what_means(self) -> str:
        """Say of how many seeds the bars are means; "" if each is of one."""
        if not self.several:
            return ""
        by_number = sorted(self.models.values(), key=len)
        fewest, most = by_number[0], by_number[-1]
        least = "" if len(fewest) == len(most) else f"{len(fewest)} to "
        return f"mean of {least}{counted_seeds(most)}"


def in_order(runs: Iterable[Reported]) -> tuple[Reported, ...]:
    """Sort runs by model and seed, 2 before 10, wherever their folders are."""
    return tuple(sorted(runs, key=_model_and_seed))


def counted_seeds(runs: Iterable[Reported]) -> str:
    """Return how many seeds a model was trained with, or runs, if seeds are alike."""
    seeds = [str(run.subject.seed) for run in runs]
    return counted(len(seeds), "seed" if len(set(seeds)) == len(seeds) else "run")


def _model_and_seed(run: Reported) -> tuple[str, float, str, str]:
    seed = run.subject.seed
    # What is no number comes last.
    number = seed if type(seed) is int else math.inf
    return run.subject.model, number, str(seed), str(run.page)


def _seed(subject: Subject) -> str:
    return "a run without a seed" if subject.seed is None else f"seed {subject.seed}"
