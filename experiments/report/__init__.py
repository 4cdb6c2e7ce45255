"""Figures and reports: pure functions of the folders that training leaves behind.

    <run>/figures/*.png, <run>/report.html      `write_run`
    <study>/figures/*.png, <study>/report.html  `write_study`

A page holds all it needs: it can be mailed, and read offline, on a phone, in light and
in dark. Pages are templates of jinja2, which the extra ``report`` brings; `pages` fills
them.
"""

from __future__ import annotations

from experiments.report.confusion import Superclasses
from experiments.report.finished import Images
from experiments.report.pages import UnavailableError
from experiments.report.writing import find_runs, write_run, write_study

__all__ = [
    "Images",
    "Superclasses",
    "UnavailableError",
    "find_runs",
    "write_run",
    "write_study",
]
