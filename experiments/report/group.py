"""The runs that stand side by side on a study's page, and what to call their seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments.report.curves import Training
from experiments.report.finished import FinishedRun
from experiments.report.look import counted


@dataclass(frozen=True)
class Group:
    """All runs of one data set that can be compared.

    Attributes:
        name: part of the names of its figures, unlike that of any other group.
        runs: in the order of the table, a model's lowest seed first.
    """

    name: str
    runs: tuple[FinishedRun, ...]

    @property
    def title(self) -> str:
        """The name of the data set that people use."""
        return self.runs[0].dataset_title

    @cached_property
    def models(self) -> dict[str, list[FinishedRun]]:
        """Every model's runs."""
        found: dict[str, list[FinishedRun]] = {}
        for run in self.runs:
            found.setdefault(run.model, []).append(run)
        return found

    @property
    def several(self) -> bool:
        """Whether a model has more than one seed: then, one of them is shown."""
        return len(self.runs) > len(self.models)

    def shown(self) -> list[FinishedRun]:
        """Return one run of each model: of its lowest seed, not of its best one."""
        return [runs[0] for runs in self.models.values()]

    def named(self) -> dict[str, FinishedRun]:
        """Return the same by a name for columns and curves, with the seed if needed."""
        return {
            f"{run.model}, {_seed(run)}" if self.several else run.model: run
            for run in self.shown()
        }

    def trainings(self) -> dict[str, Training]:
        """Return the histories of those runs."""
        return {name: run.training for name, run in self.named().items()}

    @property
    def same_classes(self) -> bool:
        """Whether all those runs are of the same classes."""
        return len({run.class_names for run in self.shown()}) == 1

    def metric(self, name: str) -> dict[str, list[float]]:
        """Return a metric of every seed of every model."""
        return {
            model: [run.metrics[name] for run in runs]
            for model, runs in self.models.items()
        }

    def mean(self, model: str, metric: str) -> float:
        """Return the mean of a metric over the seeds of a model."""
        return float(np.mean(self.metric(metric)[model]))

    def counted_seeds(self, model: str) -> str:
        """Return how many seeds a model has, or runs, if seeds are alike."""
        seeds = [str(run.seed) for run in self.models[model]]
        return counted(len(seeds), "seed" if len(set(seeds)) == len(seeds) else "run")

    def which_seed(self, model: str) -> str:
        """Say which seed of a model is shown, and of how many; "" if all have one."""
        if not self.several:
            return ""
        runs = self.models[model]
        among = f"one of {len(runs)}" if len(runs) > 1 else "the only one"
        return f"{_seed(runs[0])} ({among})"

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
        by_number = sorted(self.models, key=lambda model: len(self.models[model]))
        fewest, most = (len(self.models[by_number[end]]) for end in (0, -1))
        least = "" if fewest == most else f"{fewest} to "
        return f"mean of {least}{self.counted_seeds(by_number[-1])}"


def groups_of(runs: Iterable[FinishedRun]) -> list[Group]:
    """Put together what can be compared: the same data set, protocol and part of it.

    In a group, runs are sorted by model and seed, 2 before 10, wherever their folders
    are.
    """
    groups: dict[tuple[str, ...], list[FinishedRun]] = {}
    for run in runs:
        groups.setdefault((run.dataset, *run.variant), []).append(run)
    names = ["-".join(map(_file_name, key)) for key in groups]
    return [
        # Different names may become the same file's name.
        Group(
            name if names.count(name) == 1 else f"{name}-{index}",
            tuple(sorted(runs, key=_model_and_seed)),
        )
        for index, (name, runs) in enumerate(zip(names, groups.values(), strict=True))
    ]


def _model_and_seed(run: FinishedRun) -> tuple[str, float, str, str]:
    # A seed that is not a number comes last.
    number = run.seed if type(run.seed) is int else math.inf
    return run.model, number, str(run.seed), str(run.page)


def _file_name(text: str) -> str:
    plain = (c if c.isascii() and (c.isalnum() or c == "_") else "-" for c in text)
    return "".join(plain)[:60]


def _seed(run: FinishedRun) -> str:
    return "a run without a seed" if run.seed is None else f"seed {run.seed}"
