"""Layers: one file each, hyperparameters and shapes here, arithmetic in `kernels/`."""

from scratchnet.foundation import lookup
from scratchnet.layers.activation import Activation
from scratchnet.layers.add import Add
from scratchnet.layers.average_pooling2d import AveragePooling2D
from scratchnet.layers.batch_normalization import BatchNormalization
from scratchnet.layers.concatenate import Concatenate
from scratchnet.layers.conv2d import Conv2D
from scratchnet.layers.dense import Dense
from scratchnet.layers.dropout import Dropout
from scratchnet.layers.flatten import Flatten
from scratchnet.layers.global_average_pooling2d import GlobalAveragePooling2D
from scratchnet.layers.input_layer import Input, InputLayer
from scratchnet.layers.layer import Layer
from scratchnet.layers.leaky_relu import LeakyReLU
from scratchnet.layers.max_pooling2d import MaxPooling2D
from scratchnet.layers.relu import ReLU
from scratchnet.layers.rescaling import Rescaling
from scratchnet.layers.softmax import Softmax

# Keras's second names.
Convolution2D = Conv2D
MaxPool2D = MaxPooling2D
AvgPool2D = AveragePooling2D
GlobalAvgPool2D = GlobalAveragePooling2D

# The closed list of layers that a configuration or a file may name.
ALL: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Activation,
        Add,
        AveragePooling2D,
        BatchNormalization,
        Concatenate,
        Conv2D,
        Dense,
        Dropout,
        Flatten,
        GlobalAveragePooling2D,
        InputLayer,
        LeakyReLU,
        MaxPooling2D,
        ReLU,
        Rescaling,
        Softmax,
    )
}

__all__ = [
    *ALL,
    "AvgPool2D",
    "Convolution2D",
    "GlobalAvgPool2D",
    "Input",
    "Layer",
    "MaxPool2D",
]

__getattr__ = lookup.missing_attribute(__name__, ALL)
