"""From a data set's description to its arrays: look, verify, decode, else download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scratchnet.datasets import verify
from scratchnet.datasets.dataset import Dataset, Splits
from scratchnet.datasets.places import Copy, Place, cache_folder, find, places
from scratchnet.foundation.errors import DatasetError, MissingDatasetError

Provenance = dict[str, Any]

_latest: dict[str, Provenance] = {}


def load(dataset: Dataset, **options: Any) -> Splits:
    """Return a data set's arrays, from the first place that has it.

    Args:
        dataset: what to load.
        **options: passed on to its `decode`.

    Raises:
        DatasetError: it is nowhere and can't be downloaded, or the files under
            `$SCRATCHNET_DATA` are damaged.
    """
    looked = []
    for place in places():
        fault = "nothing there"
        if copy := find(dataset, place):
            try:
                splits, provenance = read(dataset, copy, **options)
                break
            except DatasetError as error:
                if place.is_users:
                    raise
                fault = str(error)
        looked.append(f"{place.folder} ({place.source}): {fault}")
    else:
        try:
            copy, _ = fetch(dataset)
        except DatasetError as error:
            raise MissingDatasetError(_nowhere(dataset, looked, str(error))) from error
        splits, provenance = read(dataset, copy, **options)
    remember(provenance)
    return splits


def read(dataset: Dataset, copy: Copy, **options: Any) -> tuple[Splits, Provenance]:
    """Verify a copy and, only then, decode it."""
    contents, records = verify.read(copy)
    assert dataset.decode is not None, "a data set with files can decode them"
    try:
        splits = dataset.decode(contents, **options)
        _check_shapes(dataset, splits)
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise DatasetError(f"{copy.folder}: {reason}") from error
    return splits, {
        "dataset": dataset.name,
        "source": copy.place.source,
        "folder": str(copy.folder),
        "level": max((record["level"] for record in records), key=verify.LEVELS.index),
        "files": records,
    }


def remember(provenance: Provenance) -> None:
    """Keep where a data set's arrays came from, for `provenance_of`."""
    _latest[provenance["dataset"]] = provenance


def provenance_of(dataset: Dataset) -> Provenance:
    """Where the arrays of the latest `load_data` came from; loads if there was none."""
    if dataset.name not in _latest:
        dataset.load_data()
    return _latest[dataset.name]


def inspect(dataset: Dataset) -> list[tuple[Place, Provenance | DatasetError]]:
    """Verify every copy of a data set on this machine; download nothing.

    Returns:
        For each place that has something of it, its provenance (see
        `scratchnet.datasets.provenance`), or what is wrong there.
    """
    found: list[tuple[Place, Provenance | DatasetError]] = []
    if not dataset.editions:
        built_in = Place("scikit-learn", Path())
        try:
            return [(built_in, provenance_of(dataset))]
        except DatasetError as error:
            return [(built_in, error)]
    for place in places():
        if copy := find(dataset, place):
            try:
                found.append((place, read(dataset, copy)[1]))
            except DatasetError as error:
                found.append((place, error))
    return found


def fetch(dataset: Dataset) -> tuple[Copy, bool]:
    """Download a data set's files to the cache, except those that are there.

    Returns:
        The copy in the cache, and whether anything had to be downloaded.

    Raises:
        DatasetError: no mirror gave a file, or the cache can't be written.
    """
    from scratchnet.datasets.download import download  # with all that HTTP needs

    cache = cache_folder()
    if cache is None:
        raise DatasetError(
            "No folder for downloads: this user has no home; set XDG_CACHE_HOME"
        )
    copy, is_new = Copy(Place("cache", cache), {}, []), False
    for file in dataset.files:
        folder = cache / file.folders[0]
        is_new |= download(file, folder)
        copy.files[folder / file.name] = file
    return copy, is_new


def _check_shapes(dataset: Dataset, splits: Splits) -> None:
    for (x, y), count in zip(
        splits, (dataset.train_count, dataset.test_count), strict=True
    ):
        expected, received = (count, *dataset.image_shape), (*x.shape, 1)[:4]
        if received != expected or len(y) != count:
            raise DatasetError(
                f"expected images of shape {expected} and as many labels, "
                f"received {received} and {len(y)} labels"
            )


def _nowhere(dataset: Dataset, looked: list[str], fault: str) -> str:
    """Return the one error of who has no network: what was tried, what to do."""
    names = ", ".join(file.name for file in dataset.files)
    folder = next(name for name in dataset.files[0].folders if name != ".")
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
