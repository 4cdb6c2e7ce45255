"""Dense layers in a row as one."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations, kernels
from scratchnet.plan.fused import Fused
from scratchnet.plan.plan import Plan

# The widest layer of a chain: its weights are read where they lie, and the rows of
# larger matrices push each other out of the caches.
WIDEST = 512


def dense_chain(plan: Plan) -> None:
    """Run dense layers in a row as one; the same bits.

    Each takes vectors and is followed by ReLU or by nothing, the last one also by
    softmax. A chain ends before the first layer that learns, where gradients end.
    It is used where the kernels' `direct` rung is, or a higher one.
    """
    if not kernels.is_in_use("direct"):
        return
    program, place = plan.program, 0
    needed = program.needed(plan.params.values())
    while place < len(program.operations):
        chain = _chain_from(plan, place, needed)
        if chain:
            program.replace(place, len(chain), DenseChain(*chain))
            needed = program.needed(plan.params.values())
        else:
            place += 1


def _chain_from(plan: Plan, place: int | None, needed: set[int]) -> list[Any]:
    """Return the operations, products and activations, of a chain that starts here."""
    program = plan.program
    chain: list[Any] = []
    last: int | None = None
    while place is not None and _fits(plan, place, chain):
        learns_first = place in needed and last is not None and last not in needed
        if learns_first:
            break
        chain.append(program.operations[place])
        last, place = place, program.only_reader(place)
        kind = None if place is None else program.kinds[place]
        if place is not None and kind in ("relu", "softmax"):
            chain.append(program.operations[place])
            last, place = place, program.only_reader(place)
            if kind == "softmax":
                break
    return chain


def _fits(plan: Plan, place: int, chain: list[Any]) -> bool:
    program = plan.program
    operation = program.operations[place]
    return (
        program.kinds[place] == "dense"
        and len(program.shapes[place]) == 2
        and operation.units <= WIDEST
        and (not chain or operation.dtype == chain[0].dtype)
    )


class DenseChain(Fused):
    """Dense layers in a row, whose passes are one, forwards and backwards.

    Args:
        parts: products, each followed by its activation if it has one.
    """

    operation = "dense_chain"

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.products = [part for part in parts if part.operation == "dense"]
        self.names = tuple(
            parts[i + 1].operation
            if i + 1 < len(parts) and parts[i + 1].operation != "dense"
            else "linear"
            for i, part in enumerate(parts)
            if part.operation == "dense"
        )

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the output of the last layer."""
        self.products[0].check_input(x.shape)  # kernels trust; x may be the user's
        outputs = tuple(
            product.empty("y", (len(x), product.units)) for product in self.products
        )
        biases = tuple(product.added_bias for product in self.products)
        kernels.dense_chain_forward(x, self._weights(), biases, self.names, outputs)
        if training:
            self._cache = x, *outputs
        return outputs[-1]

    def gradients(self, dy: np.ndarray, dx: np.ndarray | None) -> None:
        """Compute the gradients of the parameters, and dx if it is wanted."""
        x, *inputs, y = self._cache
        dz = self.products[-1].check_gradient(dy, y.shape)
        if self.names[-1] != "linear":
            dz = self.products[-1].empty("dz", y.shape)
            activations.get(self.names[-1]).backward(y, dy, dz)
        kernels.dense_chain_backward(
            *(x, self._weights(), self.names[:-1], tuple(inputs), dz),
            tuple(product.grads["kernel"] for product in self.products),
            tuple(product.d_bias for product in self.products),
            tuple(
                product.empty("dz", y.shape)
                for product, y in zip(self.products, inputs, strict=False)
            ),
            dx,
        )

    def _weights(self) -> tuple[np.ndarray, ...]:
        return tuple(product.params["kernel"] for product in self.products)
