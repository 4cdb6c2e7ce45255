"""Preparing data, as Keras 2 named it: images in `preprocessing.image`."""

from scratchnet.foundation import lookup
from scratchnet.preprocessing import image
from scratchnet.utils import image_dataset_from_directory

__all__ = ["image", "image_dataset_from_directory"]

__getattr__ = lookup.missing_attribute(__name__, __all__)
