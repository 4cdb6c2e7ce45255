"""Look inside a network: filters, feature maps, activations, saliency.

All of it works on any model, and names layers by their paths: ``block/conv`` is a
layer of a model in the model. What is computed and what is drawn are apart: a
function that returns arrays, and beside it one that returns a matplotlib figure
(``figure.savefig("filters.png")``). What happens while training is recorded by
`callbacks.LayerMonitor`.
"""

from scratchnet.foundation import lookup
from scratchnet.inspection.activation_statistics import (
    ActivationStatistics,
    activation_statistics,
    plot_activations,
)
from scratchnet.inspection.feature_maps import feature_maps, plot_feature_maps
from scratchnet.inspection.filters import first_filters, plot_filters
from scratchnet.inspection.saliency import (
    gradient_saliency,
    occlusion,
    plot_saliency,
)
from scratchnet.inspection.training_history import (
    plot_activation_history,
    plot_training,
)

__all__ = [
    "ActivationStatistics",
    "activation_statistics",
    "feature_maps",
    "first_filters",
    "gradient_saliency",
    "occlusion",
    "plot_activation_history",
    "plot_activations",
    "plot_feature_maps",
    "plot_filters",
    "plot_saliency",
    "plot_training",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
