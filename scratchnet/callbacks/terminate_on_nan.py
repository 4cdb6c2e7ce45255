"""Stop when the loss is lost."""

from __future__ import annotations

import math

from scratchnet.callbacks.callback import Callback, Logs, say


class TerminateOnNaN(Callback):
    """Stop training after a batch whose loss is NaN or infinite.

    Args:
        raise_error: raise a RuntimeError instead of ending `fit` in good order: then
            no ``on_train_end`` is called, weights are not restored, and a backup of
            `BackupAndRestore` stays.

    Raises:
        RuntimeError: the loss is not finite and raise_error is set.

    Reference: `keras/src/callbacks/terminate_on_nan.py`.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Look at the running loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"TerminateOnNaN: expected a finite loss, received {loss} at batch "
                f"{batch}; lower the learning rate, or look for NaN in the data"
            )
        say(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
