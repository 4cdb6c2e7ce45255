"""The libraries that are compared, one file each: what runs inside a worker."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

LIBRARIES = {
    "scratchnet": "benchmarks.harness.libraries.scratchnet_side:ScratchNet",
    "keras": "benchmarks.harness.libraries.keras_side:Keras",
    "keras_jit": "benchmarks.harness.libraries.keras_side:KerasJit",
    "torch": "benchmarks.harness.libraries.torch_side:Torch",
    "torch_channels_last": "benchmarks.harness.libraries.torch_side:TorchChannelsLast",
    "torch_compile": "benchmarks.harness.libraries.torch_side:TorchCompile",
}

SGEMM = "benchmarks.harness.libraries.sgemm:Sgemm"

NEEDS = {"scratchnet": (), "keras": ("keras", "tensorflow"), "torch": ("torch",)}


def installed(wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split the names of libraries into those that can run here and the others."""
    there: list[str] = []
    missing: list[str] = []
    for name in wanted:
        needed = NEEDS[name.split("_")[0]]
        present = all(find_spec(module) is not None for module in needed)
        (there if present else missing).append(name)
    return there, missing
