"""How the study's models are trained: every setting, in one record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

LEAK = (
    "protocol 'notebook': early stopping and the choice of the best epoch look at the "
    "test set, as the published study does; its test accuracy is therefore a little "
    "too good. Use --protocol holdout for honest figures."
)

# The order of the training images.
NEW_ORDER, SAME_ORDER = "new in every epoch", "that of the first epoch"


@dataclass(frozen=True)
class Protocol:
    """The settings of a training run.

    Attributes:
        name: ``"notebook"`` validates on the test set, as the published study does;
            ``"holdout"`` on a part of the training set that is held out.
        batch_size: samples per step.
        epochs: most epochs.
        patience: epochs without a better validation loss before training stops.
        start_from_epoch: epochs before patience starts to count.
        holdout: fraction of the training set held out, by class.
        optimizer: ``"adam"``, or ``"sgd"``: with Nesterov's momentum of 0.9, and a
            learning rate that falls to 0 along half a cosine.
        learning_rate: the optimizer's first.
        augmentation: whether images are flipped and shifted at random.
    """

    name: str = "notebook"
    batch_size: int = 64
    epochs: int = 30
    patience: int = 5
    start_from_epoch: int = 0
    holdout: float = 0.1
    optimizer: str = "adam"
    learning_rate: float = 0.001
    augmentation: bool = False


STUDY = Protocol()

# An epoch of digits is 23 batches of 64. Batch normalisation's moving statistics,
# which keep 99 % of themselves per batch, would lag for 15 epochs, and patience would
# run out before they arrive: smaller batches, and a later start of patience.
DIGITS = replace(STUDY, batch_size=16, epochs=20, start_from_epoch=8)


# As the paper trains it, but for the number of epochs: it has 164, at a rate that falls
# in steps. Patience never runs out.
RESNET20 = Protocol(
    batch_size=128,
    epochs=10,
    patience=10,
    optimizer="sgd",
    learning_rate=0.1,
    augmentation=True,
)


def usual(dataset: str, model: str, *, quick: bool = False) -> Protocol:
    """Return the protocol of a model on a data set; of two epochs if ``quick``."""
    chosen = DIGITS if dataset == "digits" else STUDY
    if model == "resnet20":
        chosen = RESNET20
    return replace(chosen, epochs=2) if quick else chosen


@dataclass(frozen=True)
class Trial:
    """One training of the study: which model, on which data, and how.

    Attributes:
        dataset: one of `datasets.names()`.
        model: one of `architectures.ALL`.
        seed: of initialisation, shuffling, dropout and the held-out part.
        protocol: how to train.
        quick: whether to use a few thousand images only.
        order: of the training images; `SAME_ORDER` is Keras's alone.
    """

    dataset: str
    model: str
    seed: int
    protocol: Protocol
    quick: bool = False
    order: str = NEW_ORDER

    @property
    def name(self) -> str:
        """What to call it in a line; a quick one takes no other's name."""
        quick = "-quick" if self.quick else ""
        return f"{self.dataset}-{self.model}-seed-{self.seed}{quick}"

    @property
    def folder(self) -> Path:
        """Its run's folder in the study's, shared with no hold-out or quick run."""
        parts = [f"seed-{self.seed}"]
        if self.protocol.name != "notebook":
            parts.append(self.protocol.name)
        if self.quick:
            parts.append("quick")
        return Path(self.dataset, self.model, "-".join(parts))
