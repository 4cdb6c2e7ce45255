"""The exceptions that scratchnet adds to Python's own.

Wrong arguments raise `ValueError` or `TypeError`, calls out of order `RuntimeError`;
what is left are the faults of files.
"""

from __future__ import annotations


class CheckpointError(RuntimeError, ValueError):
    """A model's file can't be written, can't be read, or belongs to another model.

    It is a `ValueError`, too, which is what Keras raises.
    """


class MissingCheckpointError(CheckpointError, FileNotFoundError):
    """There is no file of a model's name."""


class NonFiniteWeightsError(CheckpointError):
    """A model isn't saved, because a weight of it is NaN or infinite."""


class DatasetError(RuntimeError):
    """A data set's file is missing, damaged or not what its name says."""


class MissingDatasetError(DatasetError, FileNotFoundError):
    """A data set is nowhere on this machine, and can't be downloaded."""


class PictureError(RuntimeError, ValueError):
    """A file is no picture that a model can be shown."""


class MissingPictureError(PictureError, FileNotFoundError):
    """There is no picture of a file's name."""
