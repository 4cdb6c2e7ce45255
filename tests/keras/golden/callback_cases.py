"""Random runs of metrics, and what a callback decides on them.

Nothing is trained. A case is plain data: which callback, with which arguments, and the
logs of every batch and epoch of one or two fits. `draw` makes one from a number, and
`decide` takes a callback of either library through it, with a model whose only weight
is its age in batches. `make_callbacks.py` stores what Keras decided; `tests/callbacks`
compares scratchnet with that.
"""

import contextlib
import io
import math
import warnings

import numpy as np

KINDS = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")

# What the monitor may be called. A model that was compiled with these metrics knows the
# direction of their names, and of no other, be it as telling as the last ones.
METRICS = ["accuracy", "mse"]
DIRECTIONS = {"accuracy": "max", "mse": "min"}
UNKNOWN = ["my_score", "val_acc", "recall"]
MONITORS = ["val_loss"] * 8 + ["loss", "val_accuracy", "accuracy", "mse", *UNKNOWN]
MODES = ["auto"] * 4 + ["min"] * 2 + ["max"] * 2 + ["best"]

NAN, INF = float("nan"), float("inf")


def draw(number):
    """Return a case, the same for the same number, of each kind in turn."""
    rng = np.random.default_rng(number)
    kind = KINDS[number % len(KINDS)]
    arguments = {
        "monitor": _one_of(rng, MONITORS),
        "mode": _one_of(rng, MODES),
        "verbose": _one_of(rng, [0, 1]),
    }
    arguments |= _ARGUMENTS[kind](rng)
    # Left out, as users do, about every other argument is at its default.
    arguments = {name: one for name, one in arguments.items() if rng.random() < 0.7}
    if kind == "ModelCheckpoint":
        arguments["filepath"] = _filepath(rng, arguments)
    monitor = arguments.get("monitor", "val_loss")
    with_batches = not isinstance(arguments.get("save_freq", "epoch"), str)
    fits = [
        _epochs(rng, monitor, with_batches, kind) for _ in range(_one_of(rng, [1, 2]))
    ]
    return {"kind": kind, "arguments": arguments, "fits": fits}


def _one_of(rng, choices):
    return choices[rng.integers(len(choices))]


def _early_stopping(rng):
    return {
        "min_delta": _one_of(rng, [0, 0.01, 0.1, -0.1, 1e-9]),
        "patience": _one_of(rng, [0, 1, 2, 3, 5]),
        "baseline": _one_of(rng, [None, None, 0.2, 0.5, 0.8]),
        "restore_best_weights": _one_of(rng, [True, True, False]),
        "start_from_epoch": _one_of(rng, [0, 0, 1, 3]),
    }


def _model_checkpoint(rng):
    return {
        "save_best_only": _one_of(rng, [True, True, False]),
        "save_weights_only": _one_of(rng, [True, False]),
        "save_freq": _one_of(rng, ["epoch", "epoch", "epoch", 1, 2, 3, 5]),
        "initial_value_threshold": _one_of(rng, [None, None, 0.3, 0.6]),
    }


def _reduce_lr_on_plateau(rng):
    return {
        "factor": _one_of(rng, [0.1, 0.5, 0.3, 0.0]),
        "patience": _one_of(rng, [0, 1, 2, 3]),
        "min_delta": _one_of(rng, [0, 1e-4, 0.1, -0.1]),
        "cooldown": _one_of(rng, [0, 1, 2, 4]),
        "min_lr": _one_of(rng, [0.0, 1e-3, 1e-2, 0.05]),
    }


_ARGUMENTS = {
    "EarlyStopping": _early_stopping,
    "ModelCheckpoint": _model_checkpoint,
    "ReduceLROnPlateau": _reduce_lr_on_plateau,
}


def _filepath(rng, arguments):
    ending = ".weights.h5" if arguments.get("save_weights_only") else ".keras"
    monitor = arguments.get("monitor", "val_loss")
    names = ["best", "{epoch}", "{epoch:02d}", f"{{epoch:03d}}-{{{monitor}:.2f}}"]
    if not isinstance(arguments.get("save_freq", "epoch"), str):
        names.append("{epoch}-{batch:02d}")
    return _one_of(rng, names) + ending


def _epochs(rng, monitor, with_batches, kind):
    """Return the logs of 3 to 12 epochs, and of their batches if they are asked for."""
    # Coarse steps make ties, and differences of exactly min_delta.
    digits = _one_of(rng, [1, 1, 2, 6])
    odd = _one_of(rng, [0.1, 0.3])
    epochs, last = [], 0.5
    for _ in range(rng.integers(3, 13)):
        batches, number = [], -1
        for _ in range(rng.integers(1, 6) if with_batches else 0):
            # Keras counts several batches at once if it runs several per call.
            number += _one_of(rng, [1, 1, 1, 2])
            batches.append([int(number), _logs(rng, monitor, last, digits, odd, kind)])
        logs = _logs(rng, monitor, last, digits, odd, kind)
        value = logs.get(monitor)
        if isinstance(value, float) and math.isfinite(value):
            last = value
        epochs.append({"logs": logs, **({"batches": batches} if batches else {})})
    return epochs


def _logs(rng, monitor, last, digits, odd, kind):
    if rng.random() > odd:
        return {monitor: round(float(rng.random()), digits)}
    choices = [NAN, NAN, NAN, INF, -INF, None, None, 0.0, -0.5, 3e38, -3e38]
    # Differences that float32, in which Keras compares, can and can't tell from none.
    choices += [last * (1 - 1e-9), last * (1 + 1e-9), last * (1 - 1e-6)]
    if kind == "ModelCheckpoint":
        choices.append([0.1, 0.2])
    value = _one_of(rng, choices)
    return {"other": 0.25} if value is None else {monitor: value}


class Model:
    """What callbacks use of a model: its weight is the number of batches so far."""

    def __init__(self, optimizer, metrics):
        self.optimizer = optimizer
        self.metrics = metrics  # where Keras's callbacks look for directions
        self.metric_directions = DIRECTIONS  # where scratchnet's do
        self.stop_training = False
        self.age = self.weight = 0
        self.saved = []

    def train(self):
        self.age += 1
        self.weight = self.age

    def get_weights(self):
        return [np.array([self.weight])]

    def set_weights(self, weights):
        self.weight = int(weights[0][0])

    def save_weights(self, path, overwrite=True):
        self.saved.append(["weights", str(path), self.weight])

    def save(self, path, overwrite=True):
        self.saved.append(["model", str(path), self.weight])


def decide(make_callback, optimizer, case, metrics=()):
    """Take a callback through a case, and return what it did.

    Args:
        make_callback: the class, or something else that takes the case's arguments.
        optimizer: of either library.
        case: what `draw` returned.
        metrics: what the model's attribute of that name is to be.

    Returns:
        A dict of ``fits``, one dict each of the epochs run, whether it was stopped, the
        age of the weights in the end, the files that were written with the age of the
        weights in them, the learning rate after every epoch; the lines ``printed``;
        the number of ``warnings`` to the user; the name of the ``error`` that ended
        it, or None.
    """
    model = Model(optimizer, list(metrics))
    printed, fits, error = io.StringIO(), [], None
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        try:
            callback = make_callback(**case["arguments"])
            callback.set_model(model)
            for epochs in case["fits"]:
                fits.append({"epochs": 0})
                _fit(callback, model, case["kind"], epochs, fits[-1])
        except (KeyError, TypeError, ValueError) as found:
            error = type(found).__name__
    lines = [line for line in printed.getvalue().splitlines() if line]
    # Keras's use of NumPy 2 adds deprecations that are no one's business here.
    told = sum(one.category is UserWarning for one in w)
    return {"fits": fits, "printed": lines, "warnings": told, "error": error}


def _fit(callback, model, kind, epochs, found):
    rates, model.saved = [], []
    if kind == "ReduceLROnPlateau":
        found["rates"] = rates
    elif kind == "ModelCheckpoint":
        found["saved"] = model.saved
    model.stop_training = False
    callback.on_train_begin()
    for epoch, content in enumerate(epochs):
        callback.on_epoch_begin(epoch)
        for number, logs in content.get("batches", []):
            model.train()
            callback.on_train_batch_end(number, logs=_arrays(logs))
        model.train()
        callback.on_epoch_end(epoch, _arrays(content["logs"]))
        found["epochs"] += 1
        rates.append(float(model.optimizer.learning_rate))
        if model.stop_training:
            break
    found["stopped"] = bool(model.stop_training)
    callback.on_train_end({})
    found["weights"] = model.weight


def _arrays(logs):
    return {
        name: np.array(value) if isinstance(value, list) else value
        for name, value in logs.items()
    }


# Where scratchnet is meant to decide otherwise than Keras.


def deviations(case):
    """Return the documented deviations from Keras that a case gives occasion for."""
    arguments = case["arguments"]
    found = set()
    if _first_is_nan(case):
        found.add("a first NaN is not the best value")
    monitor = arguments.get("monitor", "val_loss")
    if monitor in UNKNOWN and arguments.get("mode", "auto") not in ("min", "max"):
        found.add("an unknown direction is an error before the first epoch")
    is_counted = not isinstance(arguments.get("save_freq", "epoch"), str)
    if is_counted and arguments.get("save_best_only"):
        found.add("batches are compared before the first epoch's end")
    return found


def _first_is_nan(case):
    """Whether the first value that is compared with no other is, or may be, NaN."""
    arguments = case["arguments"]
    if case["kind"] == "ModelCheckpoint":
        is_compared = arguments.get("save_best_only")
        if not is_compared or arguments.get("initial_value_threshold") is not None:
            return False
        # The best value outlives a fit.
        fits = [[epoch for epochs in case["fits"] for epoch in epochs]]
    else:
        fits = [
            epochs[arguments.get("start_from_epoch", 0) :] for epochs in case["fits"]
        ]
    name = arguments.get("monitor", "val_loss")
    for epochs in fits:
        in_batches = [
            logs.get(name) for one in epochs for _, logs in one.get("batches", [])
        ]
        if any(value != value for value in in_batches if isinstance(value, float)):
            return True  # which batch is the first depends on save_freq
        values = [one["logs"].get(name) for one in epochs]
        values = [value for value in values if isinstance(value, float)]
        if values and math.isnan(values[0]):
            return True
    return False
