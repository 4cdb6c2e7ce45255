"""Where data sets may lie on this machine, and which files are there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from scratchnet.datasets.description import (
    Content,
    Dataset,
    Edition,
    PublishedFile,
)
from scratchnet.foundation.errors import DatasetError

DEBIAN_FOLDER = Path("/usr/share/datasets")


@dataclass(frozen=True)
class Place:
    """A folder in which data sets are looked for.

    Attributes:
        source: short name for a run's record.
        folder: the folder itself.
        user_owned: True for `$SCRATCHNET_DATA`: its files need no published checksum,
            and a fault in them is an error, not a reason to look elsewhere.
    """

    source: str
    folder: Path
    user_owned: bool = False


@dataclass
class Found:
    """The files of an edition, as found in one place.

    Attributes:
        place: where.
        edition: which edition.
        packed: published files that are there as published.
        unpacked: published files of which the contents are there, by content.
        missing: names of files that are not there.
    """

    place: Place
    edition: Edition
    packed: dict[PublishedFile, Path] = field(default_factory=dict)
    unpacked: dict[PublishedFile, dict[Content, Path]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The folder that the files lie in."""
        paths = [*self.packed.values()]
        paths += [path for files in self.unpacked.values() for path in files.values()]
        return paths[0].parent


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
        found.append(Place("SCRATCHNET_DATA", folder, user_owned=True))
    cache = cache_folder()
    if cache:
        found.append(Place("cache", cache))
    keras = os.environ.get("KERAS_HOME", "")
    keras_home = Path(keras) if keras else _home(".keras")
    if keras_home:
        found.append(Place("keras", keras_home / "datasets"))
    found.append(Place("debian", DEBIAN_FOLDER))
    return found


def find(dataset: Dataset, place: Place) -> Found | None:
    """Look for a data set in one place.

    Returns:
        The files of the first edition that is complete, else of the first of which
        something is there, else None.
    """
    partial = None
    for edition in dataset.editions:
        found = _find_edition(edition, place)
        if found.packed or found.unpacked:
            if not found.missing:
                return found
            partial = partial or found
    return partial


def _find_edition(edition: Edition, place: Place) -> Found:
    found = Found(place, edition)
    for file in edition.files:
        contents = _find_contents(edition, file, place.folder)
        path = _find_packed(edition, file, place.folder)
        if contents:
            found.unpacked[file] = contents
        elif path:
            found.packed[file] = path
        else:
            found.missing.append(file.name)
    return found


def _find_packed(edition: Edition, file: PublishedFile, root: Path) -> Path | None:
    for folder in edition.file_folders:
        for name in (file.name, *file.other_names):
            path = root / folder / name
            if os.path.isfile(path):
                return path
    return None


def _find_contents(
    edition: Edition, file: PublishedFile, root: Path
) -> dict[Content, Path]:
    """Return a file's unpacked contents, if all required ones lie in one folder."""
    for folder in edition.content_folders:
        paths = {
            content: root / folder / content.name
            for content in file.contents
            if os.path.isfile(root / folder / content.name)
        }
        if all(content in paths for content in file.contents if content.required):
            return paths
    return {}


def _home(name: str) -> Path | None:
    home = os.path.expanduser("~")
    return Path(home) / name if os.path.isabs(home) else None
