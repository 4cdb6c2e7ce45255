"""The simplest model: one layer after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from scratchnet.foundation import lookup, naming
from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.keras_tensor import KerasTensor
from scratchnet.layers.layer import Layer
from scratchnet.models.by_output import Outputs
from scratchnet.models.graph import Node
from scratchnet.models.model import Model, unbuilt_layer
from scratchnet.saving import serialization

ENTRIES = {"name", "trainable", "dtype", "layers", "build_input_shape"}


class Sequential(Model):
    """A stack of layers, each fed with the output of the one before.

    Args:
        layers: the layers, bottom first; an `Input` may come before them. Without
            one, and without ``input_shape=`` in the first layer, the model is built
            when it meets its first data.
        trainable: whether the optimizer may change any of it; see the property.
        name: by default ``sequential`` with a number.

    Reference: `keras/src/models/sequential.py`.

    >>> from scratchnet import Input, layers
    >>> model = Sequential([Input((4,)), layers.Dense(2, activation="softmax")])
    >>> model.output_shape, model.count_params()
    ((None, 2), 10)
    """

    keras_module = "keras"

    def __init__(
        self,
        layers: Iterable[Layer | KerasTensor] | Layer | None = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        self._begin(trainable, name)
        self._nodes: list[Node] = []  # each layer reads the one before
        taken: set[str] = set()
        for layer in [layers] if isinstance(layers, Layer) else layers or []:
            if self._adds_as_written:
                self._add(layer, taken)
            else:
                self.add(layer, rebuild=False)  # as Keras calls it
        self._count_graph()

    @property
    def _adds_as_written(self) -> bool:
        return type(self).add is Sequential.add

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Args:
            layer: a `Layer` with a name of its own, or what `Input` returned.
            rebuild: accepted for Keras's sake.

        Raises:
            TypeError: it is not a layer.
            ValueError: the name is taken, or it is a second input.
        """
        self._add(layer, {other.name for other in self.layers})
        self._count_graph()

    def _outputs(self) -> Outputs:
        return Outputs(self.label, [node.layer.name for node in self._nodes[-1:]])

    def _count_graph(self) -> None:
        """Take a default name as Keras does, where a graph is drawn, for the graph."""
        if self.sources and self._nodes:
            naming.unique("Functional")

    def build(
        self, input_shape: Any = None, rng: np.random.Generator | None = None
    ) -> None:
        """Allocate the weights of all layers; see `Network.build`."""
        first = not self.sources
        super().build(input_shape, rng)
        if first:
            self._count_graph()

    def _add(self, layer: Any, taken: set[str], *, build: bool = True) -> None:
        """Put a layer on top whose name is not taken, and take it."""
        if isinstance(layer, KerasTensor) and isinstance(layer.layer, InputLayer):
            layer = layer.layer
        if not isinstance(layer, Layer):
            hint = ""
            if isinstance(layer, type) and issubclass(layer, Layer):
                hint = f"; did you mean {layer.__name__}(...)?"
            raise TypeError(f"{self.label}: expected a layer, received {layer!r}{hint}")
        if isinstance(layer, InputLayer):
            if self.sources or self._nodes:
                raise ValueError(
                    f"{self.label}: expected the Input before all other layers, "
                    f"received {layer.label} after them"
                )
            self.sources = [layer]
            return
        if layer.name in taken:
            raise ValueError(
                f"{self.label}: expected layers with different names, received a "
                f"second '{layer.name}'"
            )
        sources = self.sources or ([] if self._nodes else _own_input(layer))
        if sources and build:
            # From the first layer on, so that a misfit is reported where it is made.
            starts = [source.output for source in sources]
            top = self.outputs if self._nodes else starts
            self._tensors = starts, [layer(*top)]
        self.sources = sources
        self._nodes.append(Node(layer, (len(self._nodes),)))
        self._ends = (len(self._nodes),)
        taken.add(layer.name)

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the topmost layer off and return it.

        Args:
            rebuild: accepted for Keras's sake.

        Raises:
            IndexError: there is none.
        """
        if not self._nodes:
            raise IndexError(f"{self.label}: there is no layer to pop")
        self._ends = (len(self._nodes) - 1,)
        popped = self._nodes.pop().layer
        self._tensors = None
        if self.sources and self._nodes:
            self._draw()
            self._count_graph()
        return popped

    def get_config(self) -> dict[str, Any]:
        """Return the architecture as plain data in Keras's form, without weights."""
        self._require_layers_of_its_own()
        entries = [*self.sources, *self.layers]
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "layers": [lookup.describe(layer) for layer in entries],
        }
        if self.sources:
            config["build_input_shape"] = self.sources[0].batch_shape
        return config

    @classmethod
    def _unbuilt(cls, config: dict[str, Any]) -> Sequential:
        """Make a model that allocates nothing yet, from a `plain` configuration."""
        serialization.require_entries(config, ENTRIES)
        model = cls(name=config.get("name"))
        taken: set[str] = set()
        for where, entry in enumerate(config["layers"]):
            if isinstance(entry, dict) and "inbound_nodes" in entry:
                raise ValueError(
                    f"model.layers[{where}]: unknown entry 'inbound_nodes' in a "
                    "Sequential model"
                )
            layer = unbuilt_layer(entry, f"model.layers[{where}]")
            if model._adds_as_written:
                model._add(layer, taken, build=False)
                model._count_graph()
            else:
                model.add(layer)
        shape = config.get("build_input_shape")
        if not model.sources and model.nodes and shape:
            model.sources = [InputLayer(batch_shape=shape, dtype=model.dtype)]
            model._count_graph()
        return model


def _own_input(layer: Layer) -> list[InputLayer]:
    """Return an input for a first layer that says what it takes."""
    if layer.nodes and layer.built:
        return [InputLayer(batch_shape=layer.input_shape, dtype=layer.dtype)]
    if layer.input_shape_argument is None:
        return []
    return [InputLayer(shape=layer.input_shape_argument, dtype=layer.dtype)]


serialization.MODELS["Sequential"] = Sequential
