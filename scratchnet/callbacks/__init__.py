"""Callbacks: what happens beside the training, with Keras's names."""

from scratchnet.callbacks.backup_and_restore import BackupAndRestore
from scratchnet.callbacks.callback import Callback
from scratchnet.callbacks.callback_list import CallbackList
from scratchnet.callbacks.csv_logger import CSVLogger
from scratchnet.callbacks.early_stopping import EarlyStopping
from scratchnet.callbacks.history import History
from scratchnet.callbacks.lambda_callback import LambdaCallback
from scratchnet.callbacks.layer_monitor import LayerMonitor
from scratchnet.callbacks.learning_rate_scheduler import LearningRateScheduler
from scratchnet.callbacks.model_checkpoint import ModelCheckpoint
from scratchnet.callbacks.progress_bar import ProgbarLogger
from scratchnet.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from scratchnet.callbacks.tensorboard import TensorBoard
from scratchnet.callbacks.terminate_on_nan import TerminateOnNaN
from scratchnet.foundation import lookup

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LayerMonitor",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
