"""The study's three models: layers, shapes and numbers of parameters."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet.models import architectures

FASHION, CIFAR = ((28, 28, 1), 10), ((32, 32, 3), 100)


@pytest.mark.parametrize(
    ("name", "images", "total"),
    [
        ("ann", FASHION, 109_386),
        ("basic_cnn", FASHION, 121_930),
        ("deeper_cnn", FASHION, 111_882),
        ("ann", CIFAR, 408_100),
        ("basic_cnn", CIFAR, 173_412),
        ("deeper_cnn", CIFAR, 173_220),
        ("resnet20", CIFAR, 276_948),
    ],
)
def test_parameter_totals(name, images, total):
    model = architectures.ALL[name](*images)
    assert model.name == name
    assert model.count_params() == total
    assert model.input_shape == (None, *images[0])
    assert model.output_shape == (None, images[1])


def test_layers_of_the_deeper_cnn():
    model = architectures.deeper_cnn(*FASHION)
    kinds = [type(layer).__name__ for layer in model.layers]
    block = ["Conv2D", "BatchNormalization", "MaxPooling2D", "Dropout"]
    top = ["Flatten", "Dense", "BatchNormalization", "Dropout", "Dense"]
    assert kinds == block * 3 + top
    assert [x.rate for x in model.layers if isinstance(x, keras.layers.Dropout)] == [
        0.25,
        0.25,
        0.25,
        0.5,
    ]
    assert [x.units for x in model.layers if isinstance(x, keras.layers.Dense)] == [
        128,
        10,
    ]


def test_momentum_reaches_every_normalisation():
    model = architectures.deeper_cnn(*FASHION, momentum=0.9)
    found = {layer.momentum for layer in model.layers if hasattr(layer, "momentum")}
    assert found == {0.9}
    model = architectures.deeper_cnn(*FASHION)
    assert {x.momentum for x in model.layers if hasattr(x, "momentum")} == {0.99}


@pytest.mark.parametrize("name", sorted(architectures.ALL))
def test_training_lowers_the_loss(name):
    keras.utils.set_random_seed(0)
    model = architectures.ALL[name]((22, 22, 1), 3)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = np.random.default_rng(0).random((8, 22, 22, 1)), np.arange(8) % 3
    losses = model.fit(x, y, epochs=40, batch_size=8, verbose=0).history["loss"]
    # Dropout makes the loss of a single step on eight images a matter of luck.
    assert np.mean(losses[-10:]) < np.mean(losses[:10])


def test_images_too_small_for_the_deeper_cnn():
    with pytest.raises(ValueError, match=r"MaxPooling2D 'max_pooling2d.*at least 2x2"):
        architectures.deeper_cnn((20, 20, 1), 3)
