"""Keras's global settings, as far as there is something to set.

Reference: `keras/src/backend/config.py`, `keras/src/utils/io_utils.py`.
"""

from __future__ import annotations

from scratchnet.foundation import lookup, settings

__all__ = [
    "backend",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_interactive_logging_enabled",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]

EPSILON = 1e-7


def backend() -> str:
    """Return what computes, for notebooks that ask whether it is TensorFlow.

    >>> backend()
    'numpy'
    """
    return "numpy"


def floatx() -> str:
    """Return the dtype that layers have unless they are told another.

    >>> floatx()
    'float32'
    """
    return settings.floatx


def set_floatx(value: str) -> None:
    """Set the dtype that layers made from here on have unless they are told another.

    Args:
        value: "float32" or "float64".

    Raises:
        ValueError: it is anything else.
    """
    if value not in ("float32", "float64"):
        raise ValueError(
            f"set_floatx: expected 'float32' or 'float64', received {value!r}"
        )
    settings.floatx = value


def epsilon() -> float:
    """Return what keeps losses from log 0 and divisions from 0.

    >>> epsilon()
    1e-07
    """
    return EPSILON


def set_epsilon(value: float) -> None:
    """Accept Keras's default, which is compiled into the kernels of the losses.

    Raises:
        ValueError: it is another.
    """
    if value != EPSILON:
        raise ValueError(
            f"set_epsilon: expected {EPSILON}, received {value!r}: it is compiled into "
            "the losses here; layers and optimizers have an argument epsilon of theirs"
        )


def image_data_format() -> str:
    """Return the order of an image's dimensions: (height, width, channels).

    >>> image_data_format()
    'channels_last'
    """
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Accept ``"channels_last"``, the only order here.

    Raises:
        ValueError: it is anything else.
    """
    if data_format != "channels_last":
        raise ValueError(
            "set_image_data_format: expected 'channels_last', received "
            f"{data_format!r}; bring images of shape (N, channels, height, width) into "
            "order with x.transpose(0, 2, 3, 1)"
        )


def enable_interactive_logging() -> None:
    """Let callbacks print their lines and progress bars, which is the default."""
    settings.interactive_logging = True


def disable_interactive_logging() -> None:
    """Let callbacks send whole lines to the logger ``scratchnet``, without bars."""
    settings.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Whether callbacks print their lines."""
    return settings.interactive_logging


__getattr__ = lookup.missing_attribute(__name__, __all__)
