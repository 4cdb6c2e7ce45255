"""Data sets under Keras's names, and `digits`, which Keras has not.

Each module has `load_data()` with Keras's shapes and dtypes. Files are looked for in

1. `$SCRATCHNET_DATA`: the user's own files, of which only archives (`.tar.gz`, `.npz`)
   must be the published ones; their SHA-256 and its level of trust are recorded;
2. scratchnet's cache, `$XDG_CACHE_HOME/scratchnet/datasets`, by default
   `~/.cache/scratchnet/datasets`;
3. Keras's `~/.keras/datasets` (`$KERAS_HOME/datasets` if that is set);
4. Debian's `/usr/share/datasets`;

and are then downloaded to the cache. Outside `$SCRATCHNET_DATA`, a file is used only if
it, or its content, has the SHA-256 that is pinned here.

>>> from scratchnet import datasets
>>> datasets.names()
('fashion_mnist', 'cifar10', 'cifar100', 'mnist', 'digits')
>>> datasets.get("fashion_mnist").class_names[0]
'T-shirt/top'
"""

from __future__ import annotations

from typing import Any

from scratchnet.datasets import cifar10, cifar100, digits, fashion_mnist, mnist
from scratchnet.datasets.dataset import Dataset
from scratchnet.datasets.loading import provenance_of
from scratchnet.foundation.lookup import missing_attribute

__all__ = [
    "cifar10",
    "cifar100",
    "digits",
    "fashion_mnist",
    "get",
    "mnist",
    "names",
    "provenance",
]

_DATASETS = {
    module.DATASET.name: module.DATASET
    for module in (fashion_mnist, cifar10, cifar100, mnist, digits)
}


def names() -> tuple[str, ...]:
    """Return the names of all data sets."""
    return tuple(_DATASETS)


def get(name: str) -> Dataset:
    """Return the description of a data set.

    Args:
        name: one of `names()`; hyphens count as underscores.

    Raises:
        ValueError: no data set has this name.
    """
    dataset = _DATASETS.get(str(name).replace("-", "_").lower())
    if dataset is None:
        raise ValueError(
            f"Unknown data set: expected one of {', '.join(_DATASETS)}, "
            f"received {name!r}"
        )
    return dataset


def provenance(name: str) -> dict[str, Any]:
    """Say where a data set's arrays came from, for the record of a run.

    The facts are those of this process's latest `load_data()`; without one, the data
    set is loaded (and downloaded, if need be) to establish them.

    Returns:
        A dictionary that JSON can hold: `dataset`, `source` (`"SCRATCHNET_DATA"`,
        `"cache"`, `"keras"`, `"debian"` or `"scikit-learn"`), `folder`, `level`, and
        `files`, a list with `name`, `path`, `bytes`, `sha256`, `level` and `contents`
        (SHA-256 of every unpacked content). Levels: `"archive"`, the published file to
        the bit; `"content"`, the published bytes in another wrapper; `"structure"`,
        the right format, but bytes that nobody has published.

    Raises:
        ValueError: no data set has this name.
        DatasetError: the data set can't be loaded.
    """
    return provenance_of(get(name))


__getattr__ = missing_attribute(__name__, _DATASETS)
