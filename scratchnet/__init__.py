"""scratchnet: the Keras you can read.

``import scratchnet as keras`` is the one line to change in a notebook.
"""

from scratchnet import (
    activations,
    backend,
    callbacks,
    config,
    datasets,
    initializers,
    inspection,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    preprocessing,
    random,
    saving,
    utils,
)
from scratchnet._version import __version__
from scratchnet.explain import explain, explain_gradient
from scratchnet.foundation import lookup
from scratchnet.foundation.errors import CheckpointError, DatasetError
from scratchnet.foundation.tensor import Variable
from scratchnet.gradcheck import gradcheck
from scratchnet.initializers import Initializer
from scratchnet.layers import Input, Layer
from scratchnet.layers.keras_tensor import KerasTensor
from scratchnet.losses import Loss
from scratchnet.metrics import Metric
from scratchnet.models import architectures
from scratchnet.models.model import Model
from scratchnet.models.sequential import Sequential
from scratchnet.optimizers import Optimizer
from scratchnet.regularizers import Regularizer

__all__ = [
    "CheckpointError",
    "DatasetError",
    "Initializer",
    "Input",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Variable",
    "__version__",
    "activations",
    "architectures",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "explain",
    "explain_gradient",
    "gradcheck",
    "initializers",
    "inspection",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "utils",
]

lookup.let_files_answer()
__getattr__ = lookup.missing_attribute(__name__, __all__)
