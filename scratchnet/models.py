"""Keras's module of models, for ``from scratchnet.models import Sequential``."""

from __future__ import annotations

from scratchnet.sequential import Sequential

__all__ = ["Sequential"]
