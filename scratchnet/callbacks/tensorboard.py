"""Write what TensorBoard shows: curves, histograms of weights, the model's graph."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.foundation.arguments import is_integer
from scratchnet.foundation.outside import keras_signature


@keras_signature
class TensorBoard(Callback):
    """Write metrics, weights and the model's graph as TensorBoard's event files.

    It needs tensorboardX (the extra ``tensorboard``), not TensorFlow. In ``train`` and
    ``validation`` below ``log_dir`` stand, by Keras's names, ``epoch_loss`` and the
    like after each epoch, ``epoch_learning_rate``, ``batch_loss`` as ``update_freq``
    says, and ``evaluation_loss_vs_iterations`` after each evaluation. To see them:
    ``tensorboard --logdir logs``.

    Args:
        log_dir: folder for the files.
        histogram_freq: number of epochs from one histogram of every weight to the
            next; 0 for none.
        write_graph: whether to write the model's configuration, which is drawn there.
        write_images: not supported: `inspection.plot_filters` draws weights.
        write_steps_per_second: whether to write how fast batches pass.
        update_freq: "epoch", or the number of batches from one point to the next,
            "batch" for 1.
        profile_batch: not supported.
        embeddings_freq: not supported: there are no embeddings here.
        embeddings_metadata: likewise.

    Raises:
        NotImplementedError: an argument that is not supported is used.
        ValueError: a frequency is no number of at least 0 (1 for ``update_freq``).
        ImportError: in `fit`, tensorboardX is not installed.

    Reference: `keras/src/callbacks/tensorboard.py`.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        for name, value, instead in (
            (
                "write_images",
                write_images,
                "keras.inspection.plot_filters draws weights",
            ),
            ("profile_batch", profile_batch, "Python's cProfile finds what takes time"),
            ("embeddings_freq", embeddings_freq, "there are no embeddings here"),
            (
                "embeddings_metadata",
                embeddings_metadata,
                "there are no embeddings here",
            ),
        ):
            if value:
                raise NotImplementedError(
                    f"TensorBoard: {name}={value!r} is outside scratchnet's subset of "
                    f"Keras; leave it out: {instead}"
                )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq or 0
        self.write_graph = write_graph
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        if not (is_integer(self.histogram_freq) and self.histogram_freq >= 0):
            raise ValueError(
                "TensorBoard: expected an integer of at least 0 for histogram_freq, "
                f"received {histogram_freq!r}"
            )
        freq: Any = self.update_freq
        if freq != "epoch" and not (is_integer(freq) and freq >= 1):
            raise ValueError(
                "TensorBoard: expected 'epoch', 'batch' or an integer of at least 1 "
                f"for update_freq, received {update_freq!r}"
            )
        self._writers: dict[str, Any] = {}
        self._batches = 0  # of all epochs of this fit
        self._batch_began = self._epoch_began = 0.0
        self._steps_before = 0

    def set_model(self, model: Any) -> None:
        """Take the model, and write its configuration.

        Raises:
            ImportError: tensorboardX is not installed.
        """
        super().set_model(model)
        self._writers = {}
        if self.write_graph and model.nodes:
            _write_graph(self._writer("train"), model)

    def on_train_begin(self, logs: Logs = None) -> None:
        """Count batches from 0."""
        self._batches = 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Start the epoch's clock."""
        self._epoch_began, self._steps_before = time.perf_counter(), self._batches

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Count the batch, and start its clock."""
        self._batches += 1
        self._batch_began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Write the metrics so far, if it is this batch's turn."""
        if self.update_freq == "epoch" or self._batches % int(self.update_freq):
            return
        values = {f"batch_{name}": value for name, value in (logs or {}).items()}
        if self.write_steps_per_second:
            seconds = time.perf_counter() - self._batch_began
            values["batch_steps_per_second"] = 1 / seconds
        self._write("train", values, self._batches)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the epoch's metrics, those of validation apart, and the histograms."""
        logs = dict(logs or {})
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            seconds = time.perf_counter() - self._epoch_began
            logs["steps_per_second"] = (self._batches - self._steps_before) / seconds
        validation = {name[4:] for name in logs if name.startswith("val_")}
        trained = {name: one for name, one in logs.items() if name[:4] != "val_"}
        self._write(
            "train", {f"epoch_{name}": trained[name] for name in trained}, epoch
        )
        self._write(
            "validation",
            {f"epoch_{name}": logs[f"val_{name}"] for name in validation},
            epoch,
        )
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_histograms(epoch)

    def on_test_end(self, logs: Logs = None) -> None:
        """Write the results of an evaluation, within `fit` or outside."""
        if self.model.optimizer is None:
            return
        values = {
            f"evaluation_{name}_vs_iterations": value
            for name, value in (logs or {}).items()
        }
        self._write("validation", values, int(self.model.optimizer.iterations))

    def on_train_end(self, logs: Logs = None) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _write_histograms(self, epoch: int) -> None:
        writer = self._writer("train")
        for layer in self.model.layers:
            weights = layer.get_weights()
            for name, values in zip(_names(layer), weights, strict=True):
                tag = f"{layer.name}/{name}/histogram"
                writer.add_histogram(tag, np.asarray(values), epoch)
        writer.flush()

    def _write(self, place: str, values: dict[str, Any], step: int) -> None:
        if not values:
            return
        writer = self._writer(place)
        for name, value in values.items():
            if np.ndim(value) == 0:
                writer.add_scalar(name, float(value), step)
        writer.flush()

    def _writer(self, place: str) -> Any:
        """Return what writes to one of the two folders; no file before it is needed."""
        if place not in self._writers:
            try:
                from tensorboardX import SummaryWriter
            except ImportError:
                raise ImportError(
                    "TensorBoard: tensorboardX writes the files, and is not "
                    "installed; install it: pip install 'scratchnet[tensorboard]'"
                ) from None
            folder, suffix = os.path.join(self.log_dir, place), f".{time.time_ns()}"
            self._writers[place] = SummaryWriter(folder, filename_suffix=suffix)
        return self._writers[place]


def _names(layer: Any) -> list[str]:
    """Return the names of a layer's weights; those of a model are numbered."""
    if layer.nodes:
        return [str(number) for number in range(len(layer.get_weights()))]
    return [
        name for name in layer.weight_names if name in {**layer.params, **layer.buffers}
    ]


def _write_graph(writer: Any, model: Any) -> None:
    """Write a model's configuration in the way that TensorBoard's graph page reads."""
    from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboardX.proto.tensor_pb2 import TensorProto

    plugin = SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
    value = Summary.Value(
        tag="keras",
        metadata=SummaryMetadata(plugin_data=plugin),
        tensor=TensorProto(dtype="DT_STRING", string_val=[model.to_json().encode()]),
    )
    writer.file_writer.add_summary(Summary(value=[value]), 0)
