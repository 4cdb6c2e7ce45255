"""The libraries that are compared, one file each: what runs inside a worker."""

from __future__ import annotations

LIBRARIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "scratchnet": ("scratchnet_side:ScratchNet", ()),
    "keras": ("keras_side:Keras", ("keras", "tensorflow")),
    "keras_jit": ("keras_side:KerasJit", ("keras", "tensorflow")),
    "torch": ("torch_side:Torch", ("torch",)),
    "torch_channels_last": ("torch_side:TorchChannelsLast", ("torch",)),
    "torch_compile": ("torch_side:TorchCompile", ("torch",)),
}
"""Name → its `library.Library` (file of this folder, class), the packages it needs."""

SGEMM = f"{__name__}.sgemm:Sgemm"


def target(name: str) -> str:
    """Return what a worker makes for a library."""
    return f"{__name__}.{LIBRARIES[name][0]}"
