"""Layers: one file each, hyperparameters and shapes here, arithmetic in `kernels/`."""

from collections.abc import Mapping
from typing import Any

from scratchnet.foundation import lookup, registry
from scratchnet.layers.activation import Activation
from scratchnet.layers.activity_regularization import ActivityRegularization
from scratchnet.layers.add import Add
from scratchnet.layers.alpha_dropout import AlphaDropout
from scratchnet.layers.average import Average
from scratchnet.layers.average_pooling1d import AveragePooling1D
from scratchnet.layers.average_pooling2d import AveragePooling2D
from scratchnet.layers.batch_normalization import BatchNormalization
from scratchnet.layers.center_crop import CenterCrop
from scratchnet.layers.concatenate import Concatenate
from scratchnet.layers.conv1d import Conv1D
from scratchnet.layers.conv2d import Conv2D
from scratchnet.layers.conv2d_transpose import Conv2DTranspose
from scratchnet.layers.cropping1d import Cropping1D
from scratchnet.layers.cropping2d import Cropping2D
from scratchnet.layers.dense import Dense
from scratchnet.layers.depthwise_conv2d import DepthwiseConv2D
from scratchnet.layers.dropout import Dropout
from scratchnet.layers.elu import ELU
from scratchnet.layers.flatten import Flatten
from scratchnet.layers.functions import (
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from scratchnet.layers.gaussian_dropout import GaussianDropout
from scratchnet.layers.gaussian_noise import GaussianNoise
from scratchnet.layers.global_average_pooling1d import GlobalAveragePooling1D
from scratchnet.layers.global_average_pooling2d import GlobalAveragePooling2D
from scratchnet.layers.global_max_pooling1d import GlobalMaxPooling1D
from scratchnet.layers.global_max_pooling2d import GlobalMaxPooling2D
from scratchnet.layers.group_normalization import GroupNormalization
from scratchnet.layers.identity import Identity
from scratchnet.layers.input_layer import Input, InputLayer
from scratchnet.layers.lambda_layer import Lambda
from scratchnet.layers.layer import Layer
from scratchnet.layers.layer_normalization import LayerNormalization
from scratchnet.layers.leaky_relu import LeakyReLU
from scratchnet.layers.max_pooling1d import MaxPooling1D
from scratchnet.layers.max_pooling2d import MaxPooling2D
from scratchnet.layers.maximum import Maximum
from scratchnet.layers.minimum import Minimum
from scratchnet.layers.multiply import Multiply
from scratchnet.layers.normalization import Normalization
from scratchnet.layers.permute import Permute
from scratchnet.layers.prelu import PReLU
from scratchnet.layers.random_brightness import RandomBrightness
from scratchnet.layers.random_contrast import RandomContrast
from scratchnet.layers.random_crop import RandomCrop
from scratchnet.layers.random_flip import RandomFlip
from scratchnet.layers.random_rotation import RandomRotation
from scratchnet.layers.random_shear import RandomShear
from scratchnet.layers.random_translation import RandomTranslation
from scratchnet.layers.random_zoom import RandomZoom
from scratchnet.layers.relu import ReLU
from scratchnet.layers.repeat_vector import RepeatVector
from scratchnet.layers.rescaling import Rescaling
from scratchnet.layers.reshape import Reshape
from scratchnet.layers.resizing import Resizing
from scratchnet.layers.separable_conv2d import SeparableConv2D
from scratchnet.layers.softmax import Softmax
from scratchnet.layers.spatial_dropout1d import SpatialDropout1D
from scratchnet.layers.spatial_dropout2d import SpatialDropout2D
from scratchnet.layers.subtract import Subtract
from scratchnet.layers.up_sampling1d import UpSampling1D
from scratchnet.layers.up_sampling2d import UpSampling2D
from scratchnet.layers.zero_padding1d import ZeroPadding1D
from scratchnet.layers.zero_padding2d import ZeroPadding2D

# Keras's second names.
Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
SeparableConvolution2D = SeparableConv2D
MaxPool1D = MaxPooling1D
AvgPool1D = AveragePooling1D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalMaxPool1D = GlobalMaxPooling1D
MaxPool2D = MaxPooling2D
AvgPool2D = AveragePooling2D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalMaxPool2D = GlobalMaxPooling2D

# The closed list of layers that a configuration or a file may name.
ALL: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Activation,
        ActivityRegularization,
        Add,
        AlphaDropout,
        Average,
        AveragePooling1D,
        AveragePooling2D,
        BatchNormalization,
        CenterCrop,
        Concatenate,
        Conv1D,
        Conv2D,
        Conv2DTranspose,
        Cropping1D,
        Cropping2D,
        Dense,
        DepthwiseConv2D,
        Dropout,
        ELU,
        Flatten,
        GaussianDropout,
        GaussianNoise,
        GlobalAveragePooling1D,
        GlobalAveragePooling2D,
        GlobalMaxPooling1D,
        GlobalMaxPooling2D,
        GroupNormalization,
        Identity,
        InputLayer,
        LayerNormalization,
        LeakyReLU,
        MaxPooling1D,
        MaxPooling2D,
        Maximum,
        Minimum,
        Multiply,
        Normalization,
        PReLU,
        Permute,
        RandomBrightness,
        RandomContrast,
        RandomCrop,
        RandomFlip,
        RandomRotation,
        RandomShear,
        RandomTranslation,
        RandomZoom,
        ReLU,
        RepeatVector,
        Rescaling,
        Reshape,
        Resizing,
        SeparableConv2D,
        Softmax,
        SpatialDropout1D,
        SpatialDropout2D,
        Subtract,
        UpSampling1D,
        UpSampling2D,
        ZeroPadding1D,
        ZeroPadding2D,
    )
}


def _made(config: Any) -> Layer:
    """Return a layer from its configuration."""
    name = str(config.get("class_name") if isinstance(config, Mapping) else config)
    cls: Any = registry.get_registered_object(name, module_objects=ALL)
    if cls is None:
        raise ValueError(f"unknown layer {name!r}{lookup.suggest(name, ALL, 'layers')}")
    layer: Layer = cls.from_config(config["config"])
    return layer


serialize = lookup.serializer(__name__, "layer")
deserialize = lookup.deserializer(__name__, "layer", _made)

__all__ = [
    *ALL,
    "AvgPool1D",
    "AvgPool2D",
    "Convolution1D",
    "Convolution2D",
    "Convolution2DTranspose",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "Input",
    "Lambda",
    "Layer",
    "MaxPool1D",
    "MaxPool2D",
    "SeparableConvolution2D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]

__getattr__ = lookup.missing_attribute(__name__, ALL)
