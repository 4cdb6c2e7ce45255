"""PyTorch: eager with fused Adam, channels_last, and torch.compile."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import numpy as np

from benchmarks.harness.libraries.library import Library, Losses, Outputs, cut
from benchmarks.harness.networks import ImageShape, Network

# Keras adds its 1e-7 before the correction of the second moment's bias, PyTorch after
# it: this value makes the first step of both the same, and takes no other time.
EPSILON = 1e-7 / (1 - 0.999) ** 0.5


class Torch(Library):
    """PyTorch as its users write it.

    The model ends in logits while training (`cross_entropy` takes those, and labels
    as integers), in a softmax at inference, which runs under `inference_mode`. Adam is
    fused: one kernel for all parameters.
    """

    channels_last = False

    def __init__(self, threads: int) -> None:
        """Import PyTorch, and hold it to the threads."""
        super().__init__(threads)
        self._torch: Any = importlib.import_module("torch")
        self._torch.set_num_threads(threads)
        self._torch.set_num_interop_threads(1)

    def make(self, image_shape: ImageShape, network: Network) -> Any:
        """Build a model that returns logits."""
        modules: list[Any] = []
        x = self._torch.zeros((2, image_shape[2], *image_shape[:2]))
        for kind, words in network:
            for module in self._modules(kind, words, x.shape):
                modules.append(module)
                x = module(x)
        model = self._torch.nn.Sequential(*modules)
        if self.channels_last:
            if not any(kind == "Conv2D" for kind, _ in network):
                raise ValueError("no images between the layers: no memory format")
            model = model.to(memory_format=self._torch.channels_last)
        self.set_learning_rate(model, 0.001)
        return model

    def _modules(
        self, kind: str, words: dict[str, Any], shape: tuple[int, ...]
    ) -> list[Any]:
        """Return a layer's modules for inputs (N, C, H, W) or (N, C)."""
        nn, channels = self._torch.nn, shape[1]
        if kind == "Conv2D":
            made = nn.Conv2d(channels, words["filters"], words["kernel_size"])
        elif kind == "MaxPooling2D":
            made = nn.MaxPool2d(words["pool_size"])
        elif kind == "Flatten":
            made = nn.Flatten()
            made.flattened = shape[1:]
        elif kind == "Dense":
            made = nn.Linear(channels, words["units"])
        elif kind == "BatchNormalization":
            norm = nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d
            momentum = 1 - words["momentum"]
            made = norm(channels, eps=words["epsilon"], momentum=momentum)
        elif kind == "Dropout":
            made = nn.Dropout(words["rate"])
        else:
            raise ValueError(f"no module for layer {kind!r}")
        return [made, nn.ReLU()] if words.get("activation") == "relu" else [made]

    def set_weights(self, model: Any, weights: list[np.ndarray]) -> None:
        """Copy Keras's weights: other axes, and another order after a Flatten."""
        nn, remaining, flattened = self._torch.nn, iter(weights), None
        with self._torch.no_grad():
            for layer in model:
                if isinstance(layer, nn.Flatten):
                    flattened = layer.flattened
                elif isinstance(layer, nn.Conv2d):
                    self._copy(layer.weight, next(remaining).transpose(3, 2, 0, 1))
                    self._copy(layer.bias, next(remaining))
                elif isinstance(layer, nn.Linear):
                    kernel = next(remaining)
                    if flattened is not None:  # rows by (H, W, C) become (C, H, W)
                        C, *plane = flattened
                        split = kernel.reshape(*plane, C, -1)
                        kernel = split.transpose(2, 0, 1, 3).reshape(kernel.shape)
                        flattened = None
                    self._copy(layer.weight, kernel.T)
                    self._copy(layer.bias, next(remaining))
                elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                    for name in ("weight", "bias", "running_mean", "running_var"):
                        self._copy(getattr(layer, name), next(remaining))

    def _copy(self, into: Any, value: np.ndarray) -> None:
        into.copy_(self._torch.from_numpy(np.ascontiguousarray(value)))

    def set_learning_rate(self, model: Any, rate: float) -> None:
        """Keep the step size for the optimizers to come."""
        model.learning_rate = rate

    def prepare(self, model: Any) -> Any:
        """Return the function to call instead of the model."""
        return model

    def training(
        self, model: Any, x: np.ndarray, labels: np.ndarray, batch_size: int
    ) -> Losses:
        """Return the loop of a training script."""
        torch = self._torch
        targets = [
            torch.from_numpy(y.astype(np.int64)) for y in cut(labels, batch_size)
        ]
        pairs = zip(self._images(x, batch_size), targets, strict=True)
        batches = itertools.cycle(list(pairs))
        optimizer = torch.optim.Adam(
            model.parameters(), lr=model.learning_rate, eps=EPSILON, fused=True
        )
        forward, cross_entropy = self.prepare(model), torch.nn.functional.cross_entropy

        def run(steps: int) -> float:
            model.train()
            for _ in range(steps):
                images, classes = next(batches)
                optimizer.zero_grad(set_to_none=True)
                loss = cross_entropy(forward(images), classes)
                loss.backward()
                optimizer.step()
            return loss.item()

        return run

    def inference(self, model: Any, x: np.ndarray, batch_size: int) -> Outputs:
        """Return a loop over the model and a softmax."""
        torch = self._torch
        forward = self.prepare(torch.nn.Sequential(model, torch.nn.Softmax(dim=1)))
        batches = itertools.cycle(self._images(x, batch_size))

        def run(steps: int) -> np.ndarray:
            model.eval()
            with torch.inference_mode():
                for _ in range(steps):
                    outputs = forward(next(batches))
            return outputs.numpy()

        return run

    def _images(self, x: np.ndarray, batch_size: int) -> list[Any]:
        """Return batches (N, C, H, W), in the memory format of the model."""
        torch = self._torch
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return [
            torch.from_numpy(batch).permute(0, 3, 1, 2).contiguous(memory_format=layout)
            for batch in cut(x, batch_size)
        ]


class TorchChannelsLast(Torch):
    """PyTorch with images and weights in channels_last."""

    channels_last = True


class TorchCompile(Torch):
    """PyTorch with `torch.compile`, for the shapes at hand."""

    def prepare(self, model: Any) -> Any:
        """Compile; machine code is made at the first call."""
        return self._torch.compile(model, dynamic=False)
