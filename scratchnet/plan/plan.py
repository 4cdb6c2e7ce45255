"""What a training step runs: a program, and the heads that take the losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.foundation import overrides, workspace
from scratchnet.foundation.shapes import as_kernels_want
from scratchnet.layers.activity_penalty import ActivityPenalty
from scratchnet.layers.keras_tensor import flat
from scratchnet.layers.layer import Layer
from scratchnet.plan import table
from scratchnet.plan.heads import LossHead
from scratchnet.plan.penalties import Penalties
from scratchnet.plan.program import Program
from scratchnet.plan.read import Read


class Plan:
    """A program made of a model, the losses, and which gradients are computed.

    Args:
        model: a built model.
        losses: the loss of the output, or a list with one for each of several, None
            for an output without; None where only `forward` is wanted.
        whole_layers: whether each layer is one operation: the model as it is written.
        divided: layers that are several operations all the same.
        inside: whether it is the model itself that asks; see `Program.add`.

    Attributes:
        model: what it was made of.
        program: what runs forwards, and backwards in reverse.
        heads: each turns an output of the program into losses and predictions.
        params: path → parameter, such as ``dense/kernel``, of all layers that learn;
            without those that neither a loss nor a penalty depends on.
        unreached: the paths of those.
        grads: path → its gradient.
        penalties: what the loss has beside that of the targets.
        differentiated: the places whose gradient is computed; 0 is the model's input.
    """

    def __init__(
        self,
        model: Any,
        losses: Any = None,
        *,
        whole_layers: bool = False,
        divided: Sequence[Any] = (),
        inside: bool = False,
    ) -> None:
        self.model = model
        self.params = model.trainable_params
        grads = model.grads
        self.grads = {path: grads[path] for path in self.params}
        self.penalties = Penalties(model, self.params, self.grads)
        shapes = [source.input_shape for source in model.sources]
        reads = [Read(model.dtype, i) for i in range(len(shapes))]
        self.program = Program(reads, shapes, whole_layers, divided)
        made = self.program.add(model, *range(len(reads)), inside=inside)
        self.program.outputs = made if isinstance(made, tuple) else (made,)
        chosen = [None] * len(self.program.outputs) if losses is None else flat(losses)
        self.heads = [LossHead(loss) for loss in chosen]
        self.unreached = [] if losses is None else self._leave_out()
        self.differentiated = set(range(len(self.program.operations)))
        self.arrange()

    def _leave_out(self) -> list[str]:
        """Drop the parameters that make no difference to what is learnt."""
        program = self.program
        trained = [
            place
            for place, head in zip(program.outputs, self.heads, strict=True)
            if head.loss is not None
        ]
        learnt = {id(one) for one in program.above(trained)}
        learnt |= {id(param) for _, param, _ in self.penalties.regularized}
        unreached = [path for path, one in self.params.items() if id(one) not in learnt]
        for path in unreached:
            del self.params[path], self.grads[path]
        self.penalties = Penalties(self.model, self.params, self.grads)
        return unreached

    def require_writeable(self) -> None:
        """Check that a step may write where it writes: kernels would not ask.

        Raises:
            ValueError: a weight or a gradient is read-only.
        """
        weights = self.model.named_weights
        for what, arrays in (("weight", weights), ("gradient of", self.grads)):
            for path, array in arrays.items():
                if not array.flags.writeable:
                    raise ValueError(
                        f"{self.model.label}: the {what} '{path}' is read-only, and "
                        "training writes to it; train copy.deepcopy(model), whose "
                        "arrays are its own"
                    )

    def arrange(self) -> None:
        """Lay out both ways, once the program stands: a step only walks along them."""
        program, wanted = self.program, self.differentiated
        steps = list(zip(program.operations, program.inputs, strict=True))
        self._forwards = steps[program.source_count :]
        # What the user has written may return another shape than it says.
        self._own = {
            one
            for one, _ in self._forwards
            if isinstance(one, Layer)
            and not one.nodes
            and overrides.is_user_s(type(one))
        }
        self._backwards = [
            (at, operation, inputs, _runs_backward(operation, inputs, wanted))
            for at, (operation, inputs) in enumerate(steps)
            if at >= program.source_count and at in wanted
        ][::-1]

    def forward(self, batch: Any, *, training: bool) -> Any:
        """Read a batch and run the program; the heads take it from there."""
        sources = self.program.operations[: self.program.source_count]
        return self.run([one.forward(batch) for one in sources], training=training)

    def run(self, x: Any, *, training: bool | None) -> Any:
        """Run the program on its inputs, which have the model's dtype.

        Args:
            x: the input, or a list of several.
            training: whether layers behave as in training; where it is None, each
                operation runs as its layer does by default.

        Returns:
            The output, or a list of several.
        """
        values = [*x] if isinstance(x, list) else [x]
        for operation, inputs in self._forwards:
            read = [values[place] for place in inputs]
            given = operation.cast(read[0] if len(read) == 1 else read)
            mode = training
            if mode is None:
                mode = getattr(operation, "trains_by_default", False)
            values.append(operation.forward(given, training=mode))
            if operation in self._own:
                operation.check_output(values[-1])
        made = [values[place] for place in self.program.outputs]
        return made[0] if len(made) == 1 else made

    def gradients(self, outputs: list[np.ndarray], shares: list[Any]) -> list[Any]:
        """Return the gradient of each output, None for one without a loss.

        Args:
            outputs: what `forward` returned.
            shares: of each, dense targets and each loss's share in the total, or None.
        """
        return [
            None if share is None else head.backward(share[0], output, share[1])
            for head, output, share in zip(self.heads, outputs, shares, strict=True)
        ]

    def backward(self, dy: Any) -> Any:
        """Carry a gradient from the output to all parameters that learn.

        Where paths meet, gradients add up.

        Args:
            dy: the output's gradient, or a list of several outputs', None for one that
                has none.

        Returns:
            The gradient of the input, if it is among those that are computed; of
            several, a list.
        """
        gradients: dict[int, np.ndarray] = {}
        given = dy if isinstance(dy, list) else [dy]
        for place, one in zip(self.program.outputs, given, strict=True):
            if one is not None:
                gradients[place] = self._add(place, gradients.get(place), one)
        for at, operation, inputs, runs_backward in self._backwards:
            if at in gradients:
                dy = as_kernels_want(gradients.pop(at), operation.dtype)
            elif isinstance(operation, ActivityPenalty):
                dy = None  # a gradient begins there
            else:  # what no loss depends on
                for gradient in operation.grads.values():
                    gradient.fill(0)
                continue
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
        found = [gradients.get(i) for i in range(self.program.source_count)]
        return found[0] if len(found) == 1 else found

    def _add(
        self, place: int, before: np.ndarray | None, more: np.ndarray
    ) -> np.ndarray:
        if before is None:
            return more
        total = workspace.empty(self, f"dy_{place}", more.shape, more.dtype)
        return np.add(before, more, out=total)

    def __str__(self) -> str:
        """Return the program as a table."""
        return table.text(self.program, self.heads)


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
