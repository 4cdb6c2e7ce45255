"""The arrays of a layer by name, each of which stays where it is."""

from __future__ import annotations

from typing import Any

import numpy as np


class Arrays(dict[str, np.ndarray]):
    """A dictionary of arrays that plans and optimizers hold, too, and write to.

    Another array in an entry's place would be one that they do not know, and a layer
    whose ``backward`` puts it there would never learn. So to set an entry is to write
    its values:

    >>> grads = Arrays(kernel=np.zeros(2))
    >>> kept = grads["kernel"]
    >>> grads["kernel"] = np.array([1.0, 2.0])
    >>> kept.tolist()
    [1.0, 2.0]

    A new entry that is read-only, as what joblib maps or hands to its workers, is
    copied.
    """

    def __setitem__(self, name: str, value: np.ndarray) -> None:
        """Write the values of an entry, or add one.

        Raises:
            ValueError: the entry has another shape.
        """
        if name not in self:
            super().__setitem__(name, value if value.flags.writeable else value.copy())
            return
        own, value = self[name], np.asarray(value)
        if own.shape != value.shape:
            raise ValueError(
                f"'{name}': expected an array of shape {own.shape}, "
                f"received {value.shape}"
            )
        own[...] = value

    def update(self, *values: Any, **more: np.ndarray) -> None:
        """Set several entries, as they are set one by one."""
        for name, value in dict(*values, **more).items():
            self[name] = value
