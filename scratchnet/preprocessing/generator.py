"""Augmentation of images one by one, on the way to the model, as in Keras 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.attributes import OnlyWhatThereIs
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.warn import warn
from scratchnet.preprocessing.affine import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    flip,
)
from scratchnet.preprocessing.array_iterator import NumpyArrayIterator
from scratchnet.preprocessing.data_frame_iterator import DataFrameIterator
from scratchnet.preprocessing.directory_iterator import DirectoryIterator

WHO = "ImageDataGenerator"
FILL_MODES = ("constant", "nearest", "reflect", "wrap")

# Rows, columns and channels of one image.
ROWS, COLUMNS, CHANNELS = 0, 1, 2


@keras_signature
class ImageDataGenerator(OnlyWhatThereIs):
    """Hands out batches of images, each changed at random in its own way.

    In this order: turned, shifted, slanted and zoomed as one, shifted in value,
    mirrored, brightened; then ``preprocessing_function``, ``rescale`` and
    normalization. With a
    seed, the batches are those that Keras makes of the same seed, up to rounding.

    Args:
        featurewise_center: whether to subtract the mean that `fit` found.
        samplewise_center: whether to subtract each image's own mean.
        featurewise_std_normalization: whether to divide by the deviation that `fit`
            found.
        samplewise_std_normalization: whether to divide by each image's own.
        zca_whitening: whether to make pixels independent of each other, as `fit` found.
        zca_epsilon: what keeps its divisor from 0.
        rotation_range: largest angle, in degrees.
        width_shift_range: largest shift: below 1 as a fraction of the width, else in
            pixels; an integer n stands for whole pixels below n, a list for one of it.
            As in Keras it moves images up and down, and ``height_shift_range``
            sideways.
        height_shift_range: likewise, of the height.
        brightness_range: least and greatest factor.
        shear_range: largest angle, in degrees.
        zoom_range: least and greatest factor; a number f stands for (1 − f, 1 + f).
        channel_shift_range: the most that is added to all values.
        fill_mode: what is beyond the edges: ``"nearest"``, ``"constant"``,
            ``"reflect"`` or ``"wrap"``.
        cval: what ``"constant"`` fills with.
        horizontal_flip: whether half of the images are mirrored.
        vertical_flip: whether half of them are put upside down.
        rescale: what values are multiplied with, if anything.
        preprocessing_function: called on each image, (H, W, C).
        validation_split: the fraction that ``subset="validation"`` stands for.
        interpolation_order: of the splines between pixels.
        dtype: of the batches; None is float32.

    Attributes:
        mean, std, zca_whitening_matrix: what `fit` found.

    Raises:
        ValueError: an argument is not what is said above.

    Reference: `keras/src/legacy/preprocessing/image.py`.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range, self.shear_range = brightness_range, shear_range
        self.channel_shift_range = channel_shift_range
        self.fill_mode = arguments.choice(WHO, "fill_mode", fill_mode, FILL_MODES)
        self.cval = cval
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.interpolation_order = interpolation_order
        self.dtype = np.dtype(dtype or np.float32)
        if validation_split and not 0 < arguments.number(validation_split) < 1:
            raise ValueError(
                f"{WHO}: expected validation_split to be a number between 0 and 1, "
                f"received {validation_split!r}"
            )
        self._validation_split = validation_split
        if brightness_range is not None:
            _pair("brightness_range", brightness_range)
        if isinstance(zoom_range, tuple | list):
            self.zoom_range = list(_pair("zoom_range", zoom_range))
        else:
            self.zoom_range = [1 - zoom_range, 1 + zoom_range]
        self._imply()
        self.mean: Any = None
        self.std: Any = None
        self.zca_whitening_matrix: Any = None

    def _imply(self) -> None:
        """Set what follows from other settings, with a warning, as Keras does."""
        for setting, implied, value in (
            ("zca_whitening", "featurewise_center", True),
            ("zca_whitening", "featurewise_std_normalization", False),
            ("featurewise_std_normalization", "featurewise_center", True),
            ("samplewise_std_normalization", "samplewise_center", True),
        ):
            if getattr(self, setting) and bool(getattr(self, implied)) != value:
                warn(f"{WHO}: {setting} sets {implied} to {value}")
                setattr(self, implied, value)

    # Batches.

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Return batches of arrays, without end.

        Args: see `NumpyArrayIterator`.
        """
        return NumpyArrayIterator(**self._given(locals()))

    def flow_from_directory(
        self,
        directory: Any,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: list[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Return batches of the images in a folder's subfolders, without end.

        Args: see `DirectoryIterator`.
        """
        return DirectoryIterator(**self._given(locals()))

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: list[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
    ) -> DataFrameIterator:
        """Return batches of the images that a table names, without end.

        Args: see `DataFrameIterator`.
        """
        return DataFrameIterator(**self._given(locals()))

    def _given(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what a method was given, and what the iterators take from here."""
        given = {name: arguments[name] for name in arguments if name != "self"}
        return {**given, "image_data_generator": self, "dtype": self.dtype}

    # One image.

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """Return an image, or a batch, after all that is not drawn.

        Args:
            x: floats; may be written over.
        """
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + 1e-6
        if self.featurewise_center and self._is_fitted("featurewise_center", self.mean):
            x -= self.mean
        if self.featurewise_std_normalization and self._is_fitted(
            "featurewise_std_normalization", self.std
        ):
            x /= self.std + 1e-6
        if self.zca_whitening and self._is_fitted(
            "zca_whitening", self.zca_whitening_matrix
        ):
            flat = x.reshape(-1, int(np.prod(x.shape[-3:])))
            x = (flat @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def _is_fitted(self, setting: str, found: Any) -> bool:
        if found is None:
            warn(f"{WHO}: {setting} has no effect before fit(x) is called")
        return found is not None

    def get_random_transform(
        self, img_shape: tuple[int, ...], seed: int | None = None
    ) -> dict[str, Any]:
        """Draw what is done to one image.

        Args:
            img_shape: (H, W, C).
            seed: of what is drawn; None goes on with NumPy's global generator.
        """
        return self.draw(img_shape, _generator(seed))

    def draw(self, shape: tuple[int, ...], generator: Any) -> dict[str, Any]:
        """Draw what is done to an image, from a generator, in Keras's order."""
        theta = 0.0
        if self.rotation_range:
            theta = generator.uniform(-self.rotation_range, self.rotation_range)
        tx = _shift(self.height_shift_range, shape[ROWS], generator)
        ty = _shift(self.width_shift_range, shape[COLUMNS], generator)
        shear = 0.0
        if self.shear_range:
            shear = generator.uniform(-self.shear_range, self.shear_range)
        zx, zy = 1.0, 1.0
        if self.zoom_range != [1, 1]:
            zx, zy = generator.uniform(*self.zoom_range, 2)
        flip_horizontal = bool((generator.random_sample() < 0.5) * self.horizontal_flip)
        flip_vertical = bool((generator.random_sample() < 0.5) * self.vertical_flip)
        shift = self.channel_shift_range
        return {
            **{"theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy},
            "flip_horizontal": flip_horizontal,
            "flip_vertical": flip_vertical,
            "channel_shift_intensity": generator.uniform(-shift, shift)
            if shift
            else None,
            "brightness": generator.uniform(*self.brightness_range)
            if self.brightness_range is not None
            else None,
        }

    def apply_transform(
        self, x: np.ndarray, transform_parameters: dict[str, Any]
    ) -> np.ndarray:
        """Do to an image what was drawn.

        Args:
            x: (H, W, C).
            transform_parameters: as `get_random_transform` returns them; what is not
                there changes nothing.
        """
        drawn = transform_parameters
        x = apply_affine_transform(
            x,
            **{
                name: drawn.get(name, nothing)
                for name, nothing in (
                    *(("theta", 0), ("tx", 0), ("ty", 0), ("shear", 0)),
                    *(("zx", 1), ("zy", 1)),
                )
            },
            **{"row_axis": ROWS, "col_axis": COLUMNS, "channel_axis": CHANNELS},
            fill_mode=self.fill_mode,
            cval=self.cval,
            order=self.interpolation_order,
        )
        if drawn.get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, drawn["channel_shift_intensity"], CHANNELS)
        if drawn.get("flip_horizontal", False):
            x = flip(x, COLUMNS)
        if drawn.get("flip_vertical", False):
            x = flip(x, ROWS)
        if drawn.get("brightness") is not None:
            x = apply_brightness_shift(x, drawn["brightness"], False)
        return x

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """Change one image at random.

        Args:
            x: (H, W, C).
            seed: of what is drawn; None goes on with NumPy's global generator.
        """
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(
        self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None
    ) -> None:
        """Take mean, deviation and whitening from images, as far as they are used.

        Args:
            x: images, (N, H, W, C).
            augment: whether to take them from images that are changed at random.
            rounds: how often then to go through them.
            seed: of what is drawn.

        Raises:
            ValueError: x has another rank.
        """
        x = np.array(x, self.dtype)
        if x.ndim != 4:
            raise ValueError(
                f"{WHO}: fit expected images (N, H, W, C), received shape {x.shape}"
            )
        generator = _generator(seed)
        if self.rescale:
            x *= self.rescale
        if augment:
            x = np.stack(
                [
                    self.apply_transform(image, self.draw(image.shape, generator))
                    for _ in range(rounds)
                    for image in x
                ]
            ).astype(self.dtype)
        if self.featurewise_center:
            self.mean = x.mean(axis=(0, 1, 2)).reshape(1, 1, -1)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = x.std(axis=(0, 1, 2)).reshape(1, 1, -1)
            x /= self.std + 1e-6
        if self.zca_whitening:
            u, s, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            scales = np.sqrt(len(x)) / (s + self.zca_epsilon)
            self.zca_whitening_matrix = (u * scales) @ u.T


def _generator(seed: int | None) -> Any:
    """Return a generator of its own, or NumPy's global one, which Keras draws from."""
    return np.random if seed is None else np.random.RandomState(seed)


def _shift(limit: Any, size: int, generator: Any) -> float:
    """Draw a shift: of a list or below an integer one number, else uniform."""
    if not np.any(limit):
        return 0.0
    if isinstance(limit, int | np.integer | list | tuple | np.ndarray):
        shift = generator.choice(limit) * generator.choice([-1, 1])
    else:
        shift = generator.uniform(-limit, limit)
    return float(shift * size if np.max(limit) < 1 else shift)


def _pair(name: str, value: Any) -> tuple[float, float]:
    both = value if isinstance(value, tuple | list) else ()
    numbers = tuple(arguments.number(end) for end in both)
    if len(numbers) != 2 or any(np.isnan(numbers)):
        raise ValueError(
            f"{WHO}: expected {name} to be two numbers, received {value!r}"
        )
    return numbers[0], numbers[1]
