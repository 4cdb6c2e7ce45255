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
        learning_rate: Adam's.
    """

    name: str = "notebook"
    batch_size: int = 64
    epochs: int = 30
    patience: int = 5
    start_from_epoch: int = 0
    holdout: float = 0.1
    learning_rate: float = 0.001


STUDY = Protocol()

# An epoch of digits is 23 batches of 64. Batch normalisation's moving statistics,
# which keep 99 % of themselves per batch, would lag for 15 epochs, and patience would
# run out before they arrive: smaller batches, and a later start of patience.
DIGITS = replace(STUDY, batch_size=16, epochs=20, start_from_epoch=8)


def for_dataset(dataset: str, *, quick: bool = False) -> Protocol:
    """Return a data set's protocol; of two epochs where ``quick`` asks for that."""
    chosen = DIGITS if dataset == "digits" else STUDY
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
