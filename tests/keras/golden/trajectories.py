"""Training one step at a time: the same start, batches and dropout masks on two sides.

A trajectory is the loss of every step and the weights after the last one. Here are the
inputs that both sides share, scratchnet's side, and the distance between two
trajectories; `keras_trajectory.py` is Keras's side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import scratchnet
from benchmarks.harness.networks import Case, Network, sequential
from scratchnet import datasets
from scratchnet.kernels.dropout import dropout_reference

BATCH = 64

# What the default tests run, without Keras: `make_trajectories.py` stored its side.
SHORT_STEPS = 20
SHORT = {
    model: Case("digits", model, (28, 28, 1), 10)
    for model in ("ann", "basic_cnn", "deeper_cnn")
}


@dataclass(frozen=True)
class Trajectory:
    """What one side computed.

    Attributes:
        losses: (steps,), each batch's before the step is taken.
        weights: of all layers, moving statistics included, after the last step.
    """

    losses: np.ndarray
    weights: list[np.ndarray]

    def save(self, path: Any) -> None:
        """Write it to an ``.npz`` file."""
        arrays = {f"weights_{i:02d}": one for i, one in enumerate(self.weights)}
        np.savez(path, losses=self.losses, **arrays)

    @classmethod
    def load(cls, path: Any) -> Trajectory:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            names = sorted(name for name in stored.files if name != "losses")
            return cls(stored["losses"], [stored[name] for name in names])

    def thinned(self) -> Trajectory:
        """Return one that takes little room: a sample of the weights, and their sums.

        Of every tensor 100 values are kept, evenly spaced. Two tensors are added: the
        means, and the roots of the mean squares, of all tensors.
        """
        flat = [one.reshape(-1) for one in self.weights]
        kept = [
            one[np.unique(np.linspace(0, one.size - 1, 100).astype(int))]
            for one in flat
        ]
        means = np.array([one.mean(dtype=np.float64) for one in flat])
        squares = np.array([np.square(one, dtype=np.float64).mean() for one in flat])
        return Trajectory(self.losses, [*kept, means, np.sqrt(squares)])


def network(case: Case, dtype: str) -> Network:
    """Return a model's layers as data, with a dtype and with seeds for the masks."""
    layers = []
    for position, (kind, words) in enumerate(case.network()):
        seed = {"seed": position} if kind == "Dropout" else {}
        layers.append((kind, {**words, **seed, "dtype": dtype}))
    return layers


def batches(
    case: Case, steps: int, *, off_the_kink: bool
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the first training images, in float32, and one-hot labels.

    A pixel v becomes v/255, as in the study, or, off the kink, (v + 1)/256. Where
    rounding decides whether a ReLU is open, two correct programs part for good, and
    black pixels, all zero, lead there. Where batch normalisation follows a filter that
    is active everywhere, the gradient of the filter's bias is 0, and the bias remains
    what rounding makes of that: on black patches it alone is the ReLU's input. With
    Keras's initial weights for CIFAR-100's Deeper CNN and float64, one bias is -8.5e-12
    in Keras and 1.5e-12 in scratchnet after six steps, and the seventh batch has 203
    black patches. So does Keras part from Keras, if it adds up the images of a batch in
    another order: ``python -m tests.keras.parity.parting``.

    Args:
        case: which model, on images of which data set.
        steps: how many batches.
        off_the_kink: whether no pixel is to be 0.

    Raises:
        DatasetError: the data set can't be found.
        ValueError: it has fewer images.
    """
    (x, y), _ = datasets.get(case.dataset).load_data()
    if len(x) < steps * BATCH:
        raise ValueError(
            f"{case.dataset}: expected {steps * BATCH} images or more, there are "
            f"{len(x)}"
        )
    x = x[: steps * BATCH].reshape(steps, BATCH, *case.image_shape)
    y = y[: steps * BATCH].reshape(steps, BATCH)
    shift, scale = (1, 256) if off_the_kink else (0, 255)
    one_hot = np.eye(case.classes, dtype=np.float32)
    return [
        ((images.astype(np.float32) + shift) / scale, one_hot[labels])
        for images, labels in zip(x, y, strict=True)
    ]


def short_batches(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return what the default tests train on."""
    return batches(case, SHORT_STEPS, off_the_kink=True)


def mask(
    shape: tuple[int, ...], rate: float, seed: int, step: int, dtype: Any
) -> np.ndarray:
    """Return what scratchnet's dropout multiplies by in a step (from 1)."""
    factors = np.empty(shape, dtype)
    ones = np.ones(factors.size, dtype)
    dropout_reference(ones, factors.reshape(-1), rate, seed, step)
    return factors


def drawn(weights: list[np.ndarray], seed: int) -> list[np.ndarray]:
    """Return initial weights that need no Keras: Glorot's, drawn by NumPy.

    Vectors (biases, scales, moving statistics) stay as every new model has them.
    """
    rng = np.random.default_rng(seed)
    found = []
    for one in weights:
        if one.ndim > 1:
            fan_in, fan_out = (one.size // one.shape[side] for side in (-1, -2))
            limit = np.sqrt(6 / (fan_in + fan_out))
            one = rng.uniform(-limit, limit, one.shape).astype(np.float32)
        found.append(one)
    return found


def scratchnet_model(case: Case, dtype: str) -> scratchnet.Sequential:
    """Build and compile scratchnet's model."""
    model = sequential(scratchnet, case.image_shape, network(case, dtype))
    model.compile("adam", "categorical_crossentropy")
    return model


def scratchnet_trajectory(
    case: Case,
    dtype: str,
    weights: list[np.ndarray],
    samples: list[tuple[np.ndarray, np.ndarray]],
) -> Trajectory:
    """Train scratchnet's model from the weights given.

    Args:
        case: which model, on images of which data set.
        dtype: float32 or float64.
        weights: in float32, so that both dtypes start from the same numbers.
        samples: a batch for every step of Adam; see `batches`.
    """
    model = scratchnet_model(case, dtype)
    model.set_weights(weights)
    losses = [model.train_on_batch(*batch) for batch in samples]
    return Trajectory(np.array(losses, np.float64), model.get_weights())


@dataclass(frozen=True)
class Distance:
    """How far a trajectory is from another.

    Attributes:
        loss: root mean square of the losses' differences, over all steps.
        loss_max: the largest.
        weights: every tensor's ‖w - w'‖₂ / ‖w'‖₂, and of these the root mean square:
            each tensor counts alike, the largest doesn't drown the others.
        weights_max: the largest difference between two weights.
    """

    loss: float
    loss_max: float
    weights: float
    weights_max: float


def distance(found: Trajectory, reference: Trajectory) -> Distance:
    """Return how far a trajectory is from a reference, in float64."""
    loss = found.losses - reference.losses
    pairs = [
        (np.subtract(one, other, dtype=np.float64), other)
        for one, other in zip(found.weights, reference.weights, strict=True)
    ]
    shares = [
        np.linalg.norm(difference) / np.linalg.norm(other)
        for difference, other in pairs
    ]
    return Distance(
        loss=float(np.sqrt(np.mean(loss**2))),
        loss_max=float(np.abs(loss).max()),
        weights=float(np.sqrt(np.mean(np.square(shares)))),
        weights_max=float(max(np.abs(one).max() for one, _ in pairs)),
    )
