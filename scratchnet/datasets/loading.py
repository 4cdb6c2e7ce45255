"""From a data set's description to its arrays: look, verify, decode, else download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scratchnet.datasets import download
from scratchnet.datasets.description import Arrays, Dataset
from scratchnet.datasets.lookup import Found, Place, cache_folder, find, places
from scratchnet.datasets.verify import has_sha256, read_found, weakest
from scratchnet.foundation.errors import DatasetError

_latest: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True)
class Inspection:
    """What was found in one place.

    Attributes:
        place: the place; None for a built-in data set.
        provenance: see `scratchnet.datasets.provenance`; None on a fault.
        fault: what is wrong with the files there, or None.
    """

    place: Place | None
    provenance: dict[str, Any] | None
    fault: str | None = None


def load(dataset: Dataset) -> Arrays:
    """Return a data set's arrays, from the first place that has it.

    Raises:
        DatasetError: it is nowhere and can't be downloaded, or the files under
            `$SCRATCHNET_DATA` are damaged.
    """
    arrays, provenance = _load(dataset)
    _latest[dataset.name] = provenance
    return arrays


def provenance_of(dataset: Dataset) -> dict[str, Any]:
    """Where the arrays of the latest `load` came from; loads if there was none."""
    if dataset.name not in _latest:
        load(dataset)
    return _latest[dataset.name]


def inspect(dataset: Dataset) -> list[Inspection]:
    """Verify every copy of a data set on this machine; download nothing."""
    if dataset.built_in:
        try:
            return [Inspection(None, dataset.built_in()[1])]
        except DatasetError as error:
            return [Inspection(None, None, str(error))]
    inspections = []
    for place in places():
        found = find(dataset, place)
        if found is None:
            continue
        try:
            inspections.append(Inspection(place, _read(dataset, found)[1]))
        except DatasetError as error:
            inspections.append(Inspection(place, None, str(error)))
    return inspections


def fetch(dataset: Dataset) -> Place:
    """Download a data set's files to the cache, except those that are there.

    Returns:
        The cache.

    Raises:
        DatasetError: no mirror gave a file, or the cache can't be written.
    """
    cache = cache_folder()
    if cache is None:
        raise DatasetError(
            "No folder for downloads: this user has no home; set XDG_CACHE_HOME"
        )
    if dataset.editions:
        for file in dataset.files:
            download.fetch(file, cache / dataset.editions[0].file_folders[0])
    return Place("cache", cache)


def is_cached(dataset: Dataset) -> bool:
    """Whether the cache holds every published file to the bit."""
    cache = cache_folder()
    return cache is not None and all(
        has_sha256(cache / dataset.editions[0].file_folders[0] / file.name, file)
        for file in dataset.files
    )


def _load(dataset: Dataset) -> tuple[Arrays, dict[str, Any]]:
    if dataset.built_in:
        return dataset.built_in()
    looked = []
    for place in places():
        found = find(dataset, place)
        if found is None:
            looked.append(f"{place.folder} ({place.source}): nothing there")
            continue
        try:
            return _read(dataset, found)
        except DatasetError as error:
            if place.user_owned:
                raise
            looked.append(f"{place.folder} ({place.source}): {error}")
    try:
        place = fetch(dataset)
    except DatasetError as error:
        raise DatasetError(_nowhere(dataset, looked, str(error))) from error
    found = find(dataset, place)
    if found is None or found.missing:
        raise DatasetError(f"{place.folder}: {dataset.title}'s files have vanished")
    return _read(dataset, found)


def _read(dataset: Dataset, found: Found) -> tuple[Arrays, dict[str, Any]]:
    contents, records = read_found(found)
    provenance = {
        "dataset": dataset.name,
        "source": found.place.source,
        "folder": str(found.folder),
        "level": weakest(records),
        "files": records,
    }
    try:
        return found.edition.decode(contents, dataset), provenance
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise DatasetError(f"{found.folder}: {reason}") from error


def _nowhere(dataset: Dataset, looked: list[str], fault: str) -> str:
    """Return the one error of who has no network: what was tried, what to do."""
    edition = dataset.editions[0]
    names = ", ".join(file.name for file in edition.files)
    folder = next(name for name in edition.file_folders if name != ".")
    lines = [
        f"{dataset.title} was not found, and could not be downloaded.",
        "Looked in:",
        *(f"  {line}" for line in looked),
        f"Download: {fault}",
        "What to do, one of:",
        f"  with a network: scratchnet datasets download {dataset.name}",
        f"  put {names} into a folder '{folder}' of a folder of "
        "yours, and set SCRATCHNET_DATA to that folder",
    ]
    if dataset.advice:
        lines.append(f"  {dataset.advice}")
    return "\n".join(lines)
