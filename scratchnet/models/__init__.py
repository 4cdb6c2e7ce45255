"""Models: made of layers, trained, evaluated, saved and loaded."""

from scratchnet.foundation import lookup
from scratchnet.models.loading import load_model, model_from_json
from scratchnet.models.model import Model
from scratchnet.models.sequential import Sequential

__all__ = ["Model", "Sequential", "load_model", "model_from_json"]

__getattr__ = lookup.missing_attribute(__name__, __all__)
