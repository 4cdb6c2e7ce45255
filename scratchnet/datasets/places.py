"""Where data sets may lie on this machine, and which of their files are there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from scratchnet.datasets.dataset import Content, Dataset, PublishedFile
from scratchnet.foundation.errors import DatasetError

DEBIAN_FOLDER = Path("/usr/share/datasets")


class Place(NamedTuple):
    """A folder in which data sets are looked for, and its short name for records."""

    source: str
    folder: Path

    @property
    def is_users(self) -> bool:
        """Whether it is `$SCRATCHNET_DATA`.

        The user's own files need no published checksum, and a fault in them is an
        error, not a reason to look elsewhere.
        """
        return self.source == "SCRATCHNET_DATA"


class Copy(NamedTuple):
    """The files of a data set that lie in one place.

    Attributes:
        place: where.
        files: what is there, packed or unpacked.
        missing: names of the files that are not there.
    """

    place: Place
    files: dict[Path, PublishedFile | Content]
    missing: list[str]

    @property
    def folder(self) -> Path:
        """The folder that the files lie in."""
        return next(iter(self.files)).parent


def cache_folder() -> Path | None:
    """Return the folder of downloads: `$XDG_CACHE_HOME/scratchnet/datasets`.

    The default of `XDG_CACHE_HOME` is `~/.cache`; as its specification demands, a
    relative path in it is ignored.

    Returns:
        The folder, which need not exist, or None if the user has no home.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if os.path.isabs(base) else _home(".cache")
    return root / "scratchnet" / "datasets" if root else None


def places() -> list[Place]:
    """Return all places, in the order in which they are searched.

    Raises:
        DatasetError: `SCRATCHNET_DATA` names something that is not a folder.
    """
    found = []
    own = os.environ.get("SCRATCHNET_DATA", "")
    if own:
        folder = Path(own).expanduser().absolute()
        if not folder.is_dir():
            raise DatasetError(
                f"SCRATCHNET_DATA: expected an existing folder, received {own!r}; "
                "correct the variable or unset it"
            )
        found.append(Place("SCRATCHNET_DATA", folder))
    cache = cache_folder()
    if cache:
        found.append(Place("cache", cache))
    keras = os.environ.get("KERAS_HOME", "")
    keras_home = Path(keras) if keras else _home(".keras")
    if keras_home:
        found.append(Place("keras", keras_home / "datasets"))
    found.append(Place("debian", DEBIAN_FOLDER))
    return found


def find(dataset: Dataset, place: Place) -> Copy | None:
    """Look for a data set in one place.

    Returns:
        The files of the first edition that is complete, else of the first of which
        something is there, else None.
    """
    copies = [_find_edition(files, place) for files in dataset.editions]
    there = [copy for copy in copies if copy.files]
    return min(there, key=lambda copy: bool(copy.missing), default=None)


def is_here(dataset: Dataset) -> bool:
    """Whether all files of a data set are on this machine, as far as names tell."""
    copies = [find(dataset, place) for place in places()]
    return not dataset.editions or any(copy and not copy.missing for copy in copies)


def _find_edition(files: tuple[PublishedFile, ...], place: Place) -> Copy:
    copy = Copy(place, {}, [])
    for file in files:
        unpacked = _find_unpacked(file, place.folder)
        verifiable = all(content.sha256 for content in file.contents)
        found = (verifiable and unpacked) or _find_packed(file, place.folder)
        copy.files.update(found or unpacked)
        if not found:
            copy.missing.append(file.name)
    return copy


def _find_unpacked(file: PublishedFile, root: Path) -> dict[Path, Content]:
    for folder in file.unpacked_folders:
        paths = {root / folder / content.name: content for content in file.contents}
        if all(map(os.path.isfile, paths)):
            return paths
    return {}


def _find_packed(file: PublishedFile, root: Path) -> dict[Path, PublishedFile]:
    for folder in file.folders:
        for name in (file.name, *file.other_names):
            path = root / folder / name
            if os.path.isfile(path):
                return {path: file}
    return {}


def _home(name: str) -> Path | None:
    home = os.path.expanduser("~")
    return Path(home, name) if os.path.isabs(home) else None
