"""What a training step runs: a program, and the head that takes the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import losses
from scratchnet.foundation import workspace
from scratchnet.foundation.shapes import as_kernels_want
from scratchnet.layers.layer import Layer
from scratchnet.plan import table
from scratchnet.plan.heads import LossHead
from scratchnet.plan.program import Program
from scratchnet.plan.read import Read


class Plan:
    """A program made of a model, the loss, and which gradients are computed.

    Args:
        model: a built model.
        loss: the loss to train on; None where only `forward` is wanted.
        whole_layers: whether each layer is one operation: the model as it is written.
        inside: whether it is the model itself that asks; see `Program.add`.

    Attributes:
        model: what it was made of.
        program: what runs forwards, and backwards in reverse.
        head: turns the last operation's output into losses and predictions.
        params: path → parameter, such as ``dense/kernel``, of all layers that learn.
        grads: path → its gradient.
        differentiated: the places whose gradient is computed; 0 is the model's input.
    """

    def __init__(
        self,
        model: Layer,
        loss: losses.Loss | None = None,
        *,
        whole_layers: bool = False,
        inside: bool = False,
    ) -> None:
        self.model, self.head = model, LossHead(loss)
        self.params = model.trainable_params
        grads = model.grads
        self.grads = {path: grads[path] for path in self.params}
        self.program = Program(
            Read(model.dtype), model.input_shape, whole_layers=whole_layers
        )
        self.program.add(model, 0, inside=inside)
        self.differentiated = set(range(len(self.program.operations)))
        self.arrange()

    def arrange(self) -> None:
        """Lay out both ways, once the program stands: a step only walks along them."""
        program, wanted = self.program, self.differentiated
        steps = list(zip(program.operations, program.inputs, strict=True))
        self._forwards = steps[1:]
        self._backwards = [
            (at, operation, inputs, _runs_backward(operation, inputs, wanted))
            for at, (operation, inputs) in enumerate(steps)
            if at > 0 and at in wanted
        ][::-1]

    def forward(self, batch: Any, *, training: bool) -> np.ndarray:
        """Read a batch and run the program; the head takes it from there."""
        return self.run(self.program.operations[0].forward(batch), training=training)

    def run(self, x: np.ndarray, *, training: bool | None) -> np.ndarray:
        """Run the program on what operation 0 reads: inputs in the model's dtype.

        Where ``training`` is None, each operation runs as its layer does by default.
        """
        values = [x]
        for operation, inputs in self._forwards:
            read = [values[place] for place in inputs]
            given = operation.cast(read[0] if len(read) == 1 else read)
            mode = training
            if mode is None:
                mode = getattr(operation, "trains_by_default", False)
            values.append(operation.forward(given, training=mode))
        return values[-1]

    def backward(self, dy: np.ndarray) -> np.ndarray | None:
        """Carry a gradient from the output to all parameters that learn.

        Where paths meet, gradients add up.

        Returns:
            The gradient of the input, if it is among those that are computed.
        """
        gradients = {len(self.program.operations) - 1: dy}
        for at, operation, inputs, runs_backward in self._backwards:
            dy = as_kernels_want(gradients.pop(at), operation.dtype)
            if not runs_backward:
                operation.learn(dy)
                continue
            dx = operation.backward(dy)
            for place, one in zip(
                inputs, dx if len(inputs) > 1 else (dx,), strict=True
            ):
                gradients[place] = self._add(place, gradients.get(place), one)
        for own, more in self.program.repeated:
            for name, gradient in more.items():
                own[name] += gradient
        return gradients.get(0)

    def _add(
        self, place: int, before: np.ndarray | None, more: np.ndarray
    ) -> np.ndarray:
        if before is None:
            return more
        total = workspace.empty(self, f"dy_{place}", more.shape, more.dtype)
        return np.add(before, more, out=total)

    def __str__(self) -> str:
        """Return the program as a table."""
        return table.text(self.program, self.head)


def _runs_backward(operation: Any, inputs: tuple[int, ...], wanted: set[int]) -> bool:
    """Tell whether an operation's `backward` runs, and not its `learn` alone.

    That is so where somebody wants dx, and where a derived class has a `backward` of
    its own, of which the `learn` that it inherits knows nothing.
    """
    mro = type(operation).__mro__
    learn, backward = (
        next(i for i, cls in enumerate(mro) if name in vars(cls))
        for name in ("learn", "backward")
    )
    own = backward < learn or "backward" in vars(operation)
    return own or not wanted.isdisjoint(inputs)
