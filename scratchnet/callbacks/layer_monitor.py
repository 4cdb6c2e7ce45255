"""What happens in every layer as training goes on."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.foundation import arguments
from scratchnet.foundation.files import atomic_write
from scratchnet.inspection.activation_statistics import activation_statistics


class LayerMonitor(Callback):
    """Record each layer's gradients, updates and activations during training.

        gradient norm   ‖g‖₂ of all of a layer's parameters together
        update ratio    ‖θ after the step − θ before‖₂ / ‖θ before‖₂

    Both are taken at every ``every``-th step only: nothing but a comparison happens at
    the others. After every epoch a few samples run through the layers, for the spread
    of the activations and the share of ReLU units that never fire. The training is the
    same to the bit as without the callback.

    An update ratio near 10⁻³ is what to look for: far below it a layer hardly learns,
    far above it the step size is too large. scratchnet only, Keras has no such
    callback. Figures: `inspection.plot_training`, `inspection.plot_activation_history`.

    Args:
        x: samples to look at activations with, a few hundred at most; None records
            gradients and updates alone.
        every: steps from one record to the next.
        bins: of the activations' histograms.
        filename: a JSON file, written anew after every epoch; None keeps the record in
            memory alone.

    Attributes:
        record: what was recorded, as plain data: ``steps``, ``gradient_norm`` and
            ``update_ratio`` (layer's path → a value per step), ``epochs``,
            ``activations`` (layer's path → an `inspection.ActivationStatistics` per
            epoch, as a dict). None stands where there is no finite number: the ratio
            of weights that are all 0, or anything after the training diverged.

    Raises:
        ValueError: every or bins is not a positive integer.

    Reference: Glorot & Bengio (2010), "Understanding the difficulty of training deep
    feedforward neural networks", on watching activations and gradients layer by layer.
    """

    def __init__(
        self,
        x: Any = None,
        *,
        every: int = 50,
        bins: int = 40,
        filename: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__()
        self.x = x
        self.every = arguments.positive_int("LayerMonitor", "every", every)
        self.bins = arguments.positive_int("LayerMonitor", "bins", bins)
        self.filename = filename
        self.record: dict[str, Any] = {}
        self._before: dict[str, np.ndarray] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Start a new record."""
        self.record = {
            "steps": [],
            "gradient_norm": {},
            "update_ratio": {},
            "epochs": [],
            "activations": {},
        }
        self._before = None

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Keep the parameters as they are before a step that is recorded."""
        self._before = None
        if self.model.optimizer.batches_taken % self.every == 0:
            params = self.model.trainable_params
            self._before = {path: param.copy() for path, param in params.items()}

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Compare them with what the step made of them."""
        if self._before is None:
            return
        self.record["steps"].append(self.model.optimizer.batches_taken - 1)
        params, grads = self.model.trainable_params, self.model.grads
        for layer, paths in _by_layer(self._before).items():
            before = [self._before[path] for path in paths]
            changes = [params[path] - self._before[path] for path in paths]
            size = _norm(before)
            self._add("gradient_norm", layer, _norm(grads[path] for path in paths))
            self._add("update_ratio", layer, _norm(changes) / size if size else None)
        self._before = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Run the samples through the layers, and write the file."""
        self.record["epochs"].append(epoch)
        if self.x is not None:
            found = activation_statistics(self.model, self.x, bins=self.bins)
            for name, statistics in found.items():
                self._add("activations", name, asdict(statistics))
        if self.filename is not None:
            self._write(self.filename)

    def _add(self, kind: str, layer: str, value: Any) -> None:
        self.record[kind].setdefault(layer, []).append(_finite(value))

    def _write(self, filename: str | os.PathLike[str]) -> None:
        with atomic_write(filename, text=True) as file:
            json.dump(self.record, file, allow_nan=False)
            file.write("\n")


def _by_layer(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return layer's path → those of its parameters.

    >>> _by_layer(["block/dense/kernel", "block/dense/bias"])
    {'block/dense': ['block/dense/kernel', 'block/dense/bias']}
    """
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(path.rpartition("/")[0], []).append(path)
    return found


def _finite(value: Any) -> Any:
    """Return a value, or a dict of values, with None for NaN and infinity."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _norm(arrays: Any) -> float:
    """Return the Euclidean norm of several arrays together."""
    return math.hypot(*(float(np.linalg.norm(one)) for one in arrays))
