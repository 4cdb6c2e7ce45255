"""Pictures and their augmentation under the names of Keras 2.

Reference: `keras/src/legacy/preprocessing/image.py`.
"""

from scratchnet.foundation import lookup
from scratchnet.preprocessing.affine import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
)
from scratchnet.preprocessing.array_iterator import NumpyArrayIterator
from scratchnet.preprocessing.data_frame_iterator import DataFrameIterator
from scratchnet.preprocessing.directory_iterator import DirectoryIterator
from scratchnet.preprocessing.generator import ImageDataGenerator
from scratchnet.preprocessing.iterator import Iterator
from scratchnet.utils import array_to_img, img_to_array, load_img, save_img
from scratchnet.utils.image_files import smart_resize

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "img_to_array",
    "load_img",
    "save_img",
    "smart_resize",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
