"""Save a model, or its weights, to a file and load them again.

The name's ending chooses the format. Weights go to ``.npz`` (`npz`: NumPy alone,
checksummed, safe to load from anyone) or ``.weights.h5`` (`h5`: Keras 3's own layout,
needs h5py); whole models go to ``.keras`` (`keras_archive`: Keras 3's, too) or to
plain ``.h5`` (`legacy_h5`: Keras's legacy format, also of Keras 2).
"""

from scratchnet.foundation import lookup
from scratchnet.foundation.files import atomic_write
from scratchnet.foundation.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from scratchnet.saving.files import load_weights, save_model, save_weights
from scratchnet.saving.loading import load_model, model_from_json
from scratchnet.saving.objects import (
    deserialize_keras_object,
    serialize_keras_object,
)

CustomObjectScope = custom_object_scope

__all__ = [
    "CustomObjectScope",
    "atomic_write",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "model_from_json",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
