"""Let Keras's callbacks decide on random runs of metrics, and store what they did.

    python -m tests.keras.golden.make_callbacks  (with the extra `reference` installed)
    python -m tests.keras.golden.make_callbacks --first 1000 --count 600 --out
    decisions.jsonl

The first line of the file holds the versions; every other one a case, what Keras
decides (``keras``), and what it decides when scratchnet's documented deviations are put
into it (``deviating``), if that is anything else.
"""

import argparse
import json
import math
import os
from pathlib import Path

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")

import keras
import numpy as np
import tensorflow as tf

from tests.keras.golden import callback_cases

HERE = Path(__file__).parent


def with_deviations(kind):
    """Return Keras's callback of a kind with scratchnet's deviations, and no others."""

    class Deviating(getattr(keras.callbacks, kind)):
        def set_model(self, model):
            super().set_model(model)
            self._set_monitor_op()

        def _is_improvement(self, value, reference):
            return not math.isnan(value) and super()._is_improvement(value, reference)

        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            if self.best is None and kind == "EarlyStopping":
                # Keras keeps the first weights that it sees, whatever their metric.
                self.best_weights = None

    return Deviating


def compiled_metrics():
    """Return the metrics of a model that was compiled with `callback_cases.METRICS`."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", "categorical_crossentropy", metrics=callback_cases.METRICS)
    model.train_on_batch(np.eye(2), np.eye(2))
    return model.metrics


def main(given=None):
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--count", type=int, default=300, help="how many cases")
    parser.add_argument("--out", type=Path, default=HERE / "callbacks.jsonl")
    arguments = parser.parse_args(given)
    metrics = compiled_metrics()
    versions = {"keras": keras.__version__, "tensorflow": tf.__version__}
    with arguments.out.open("w") as file:
        print(json.dumps(versions), file=file)
        for number in range(arguments.first, arguments.first + arguments.count):
            case = callback_cases.draw(number)
            kind = case["kind"]
            found = [
                callback_cases.decide(make, keras.optimizers.SGD(0.1), case, metrics)
                for make in (getattr(keras.callbacks, kind), with_deviations(kind))
            ]
            record = {"number": number, "case": case, "keras": found[0]}
            # As text, because NaN is not equal to itself.
            if json.dumps(found[0]) != json.dumps(found[1]):
                record["deviating"] = found[1]
            print(json.dumps(record, separators=(",", ":")), file=file)
    print(f"{arguments.out}: {arguments.count} cases, {arguments.out.stat().st_size} B")


if __name__ == "__main__":
    main()
