"""What optimizers keep beside their moments goes to a backup and comes back."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers
from scratchnet.optimizers import AdamW, Ftrl, Nadam, schedules

MADE = {
    "nadam": lambda: Nadam(schedules.CosineDecay(0.1, 30), use_ema=True),
    "adamw": lambda: AdamW(0.05, amsgrad=True, gradient_accumulation_steps=2),
    "ftrl": lambda: Ftrl(0.1, global_clipnorm=0.5),
}


class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise InterruptedError


@pytest.mark.parametrize("name", MADE)
def test_a_resumed_fit_is_the_same_to_the_bit(name, tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 4)), rng.integers(0, 3, 40)

    def fit(*callbacks):
        keras.utils.set_random_seed(1)
        first = layers.Dense(
            8, "relu", kernel_regularizer="l2", bias_constraint="NonNeg"
        )
        model = keras.Sequential(
            [keras.Input((4,)), first, layers.Dropout(0.2), layers.Dense(3, "softmax")]
        )
        model.compile(MADE[name](), "sparse_categorical_crossentropy")
        given = {"epochs": 4, "batch_size": 8, "verbose": 0}
        history = model.fit(x, y, callbacks=[*callbacks], **given).history
        return history, model.get_weights()

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path)

    history, weights = fit()
    with pytest.raises(InterruptedError):
        fit(backup(), Stop())
    again, resumed = fit(backup())
    assert again == history
    assert all(map(np.array_equal, weights, resumed))
