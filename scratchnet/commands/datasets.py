"""`scratchnet datasets list|download|verify`: what is there, and is it right."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from scratchnet import datasets
from scratchnet.datasets import loading
from scratchnet.datasets.dataset import Dataset
from scratchnet.foundation.errors import DatasetError


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the `datasets` command to the parsers of `scratchnet`."""
    parser = subparsers.add_parser(
        "datasets",
        help="list, download and verify data sets",
        description="Lists, downloads and verifies data sets. Files are looked for in "
        "$SCRATCHNET_DATA, the cache ($XDG_CACHE_HOME or ~/.cache), Keras's "
        "~/.keras/datasets and /usr/share/datasets.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="show where each data set is found")
    for action, text in (
        ("download", "download data sets to the cache"),
        ("verify", "check files and print their SHA-256 (default: all data sets)"),
    ):
        subparser = actions.add_parser(action, help=text)
        subparser.add_argument(
            "names",
            nargs="*" if action == "verify" else "+",
            metavar="NAME",
            help=f"one of: {', '.join(datasets.names())}",
        )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Returns:
        0, or 1 on a fault: a file is damaged, missing or can't be downloaded. 2 for the
        name of no data set.
    """
    names = getattr(arguments, "names", [])
    try:
        chosen = [datasets.get(name) for name in names or datasets.names()]
    except ValueError as error:
        print(f"scratchnet datasets: {error}", file=sys.stderr)
        return 2
    if arguments.action == "list":
        return _list(chosen)
    if arguments.action == "download":
        return max([_download(dataset) for dataset in chosen])
    return max([_verify(dataset, asked_for=bool(names)) for dataset in chosen])


def _list(chosen: list[Dataset]) -> int:
    """Print a table: the copy that `load_data` would use, and its level."""
    row = "{:<14} {:>8} {:>7} {:>9}  {:<9}  {}"
    print(row.format("name", "images", "classes", "shape", "level", "found in"))
    for dataset in chosen:
        level, folder = _copy_in_use(dataset)
        print(
            row.format(
                dataset.name,
                dataset.train_count + dataset.test_count,
                dataset.num_classes,
                "x".join(map(str, dataset.image_shape)),
                level,
                folder,
            )
        )
    return 0


def _copy_in_use(dataset: Dataset) -> tuple[str, str]:
    for place, found in loading.inspect(dataset):
        if not isinstance(found, DatasetError):
            return found["level"], f"{found['folder']} ({found['source']})"
        if place.is_users:
            return "fault", f"{place.folder} (SCRATCHNET_DATA)"
    return "-", "not found; scratchnet datasets download " + dataset.name


def _download(dataset: Dataset) -> int:
    if not dataset.files:
        print(f"{dataset.name}: nothing to download, it comes with scikit-learn")
        return 0
    try:
        copy, is_new = loading.fetch(dataset)
    except DatasetError as error:
        print(f"{dataset.name}: {error}", file=sys.stderr)
        return 1
    print(f"{dataset.name}: {'downloaded,' if is_new else 'already'} in {copy.folder}")
    return 0


def _verify(dataset: Dataset, *, asked_for: bool) -> int:
    """Check every copy; a data set that is nowhere is a fault if it was asked for."""
    copies = loading.inspect(dataset)
    if not copies:
        print(f"{dataset.name}: not found")
        return 1 if asked_for else 0
    for _, found in copies:
        if isinstance(found, DatasetError):
            print(f"{dataset.name}: FAULT: {found}")
            continue
        print(
            f"{dataset.name}: {found['level']} ({found['source']}, {found['folder']})"
        )
        for file in found["files"]:
            print(f"  {file['sha256']}  {file['name']} ({file['bytes']} bytes)")
            for name, sha256 in file["contents"].items():
                if sha256 != file["sha256"]:
                    print(f"    {sha256}  {name}, unpacked")
    return int(any(isinstance(found, DatasetError) for _, found in copies))
