"""The models as data that every library can build, and their arithmetic.

A network is a list of (layer class, arguments) under Keras's names. It travels to the
workers in this form, so that those of the peers need no scratchnet.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

Network = list[tuple[str, dict[str, Any]]]
ImageShape = tuple[int, int, int]

# Title, shape of an image, number of classes.
DATASETS: dict[str, tuple[str, ImageShape, int]] = {
    "fashion_mnist": ("Fashion-MNIST", (28, 28, 1), 10),
    "cifar100": ("CIFAR-100", (32, 32, 3), 100),
}

# Name in `scratchnet.models.architectures.ALL` → title.
MODELS = {"ann": "ANN", "basic_cnn": "Basic CNN", "deeper_cnn": "Deeper CNN"}

# Which of a layer's arguments the models set.
ARGUMENTS = {
    "Conv2D": ("filters", "kernel_size", "activation"),
    "Dense": ("units", "activation"),
    "MaxPooling2D": ("pool_size",),
    "BatchNormalization": ("momentum", "epsilon"),
    "Dropout": ("rate",),
    "Flatten": (),
}

SCALED_PIXELS: tuple[str, dict[str, Any]] = ("Rescaling", {"scale": 1 / 255})


@dataclass(frozen=True)
class Case:
    """One of the models on images of one of the data sets.

    Attributes:
        dataset: one of `DATASETS`, and of `scratchnet.datasets`.
        model: one of `MODELS`.
        image_shape: height, width, channels.
        classes: how many.
    """

    dataset: str
    model: str
    image_shape: ImageShape
    classes: int

    @property
    def name(self) -> str:
        """What ``--models`` calls it."""
        return f"{self.dataset.split('_')[0]}_{self.model}"

    @property
    def title(self) -> str:
        """What tables and pictures call it."""
        return f"{DATASETS[self.dataset][0]} {MODELS[self.model]}"

    def network(self) -> Network:
        """Return the model's layers as data."""
        from scratchnet.models import architectures

        return describe(architectures.ALL[self.model](self.image_shape, self.classes))


CASES = {
    case.name: case
    for case in (
        Case(dataset, model, image_shape, classes)
        for dataset, (_, image_shape, classes) in DATASETS.items()
        for model in MODELS
    )
}


def describe(model: Any) -> Network:
    """Return the layers of a `scratchnet.Sequential` as data."""
    network = []
    for layer in model.layers:
        kind, config = type(layer).__name__, layer.get_config()
        network.append((kind, {name: config[name] for name in ARGUMENTS[kind]}))
    return network


def sequential(framework: Any, image_shape: ImageShape, network: Network) -> Any:
    """Build a network with ``framework``: scratchnet or Keras, the lines are the same.

    Args:
        framework: the module, with ``Sequential``, ``Input`` and ``layers``.
        image_shape: of one input.
        network: the layers.
    """
    layers = [getattr(framework.layers, kind)(**words) for kind, words in network]
    return framework.Sequential([framework.Input(image_shape), *layers])


def without_dropout(network: Network) -> Network:
    """Return the network with nothing dropped, so that libraries can be compared."""
    return [
        (kind, {**words, "rate": 0.0} if kind == "Dropout" else words)
        for kind, words in network
    ]


def arithmetic(image_shape: ImageShape, network: Network) -> dict[str, int]:
    """Count multiplications and additions of direct convolution, per image.

    Every position of an output takes each element of the kernel once: a
    multiplication and an addition. The weight gradient costs as much as the forward
    pass, and so does the input gradient, which the first such layer has no need of.
    Rows that a following pooling never reads are counted, since the model asks for
    them; bias, activation, pooling, normalisation and optimizer are not. A method with
    fewer multiplications (Winograd's) or one that skips unread rows is thus credited
    with the arithmetic that it saves.

    Returns:
        ``inference``, the forward pass, and ``training``, that and both gradients.

    >>> arithmetic((4, 4, 1), [("Flatten", {}), ("Dense", {"units": 3})])
    {'inference': 96, 'training': 192}
    """
    import scratchnet

    inference = training = 0
    for layer in sequential(scratchnet, image_shape, network).layers:
        if "kernel" in layer.params:
            positions = prod(layer.output_shape[1:-1])
            forward = 2 * layer.params["kernel"].size * positions
            inference += forward
            training += forward * (3 if training else 2)
    return {"inference": inference, "training": training}
