"""Keras's module of models, for ``from scratchnet.models import Sequential``."""

from __future__ import annotations

from typing import Any

from scratchnet.sequential import Sequential

__all__ = ["Sequential", "load_model"]


def load_model(
    filepath: Any,
    custom_objects: Any = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Sequential:
    """Refuse: whole models in ``.keras`` files are not read yet.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError(
        "load_model: whole models (.keras) are not supported yet; make the model and "
        "call load_weights on a file that save_weights wrote"
    )
