"""Models: made of layers, trained, evaluated, saved and loaded."""

from scratchnet.foundation import lookup
from scratchnet.models.cloning import clone_model
from scratchnet.models.function_loss import FunctionLoss as _FunctionLoss  # noqa: F401 - known to losses
from scratchnet.models.model import Model
from scratchnet.models.sequential import Sequential
from scratchnet.saving import load_model, model_from_json, save_model

__all__ = [
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
