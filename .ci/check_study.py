"""Check what the study on digits reached: 0.95 test accuracy, each of three models."""

import sys
from pathlib import Path

from scratchnet.runs.run import Run

LEAST = 0.95

runs = [Run.open(folder) for folder in sorted(Path(sys.argv[1]).glob("*/seed-0"))]
accuracies = {
    run.record["model"]["name"]: run.metrics()["test_accuracy"] for run in runs
}
print(accuracies)
if len(accuracies) != 3 or min(accuracies.values()) < LEAST:
    sys.exit(f"expected three models with at least {LEAST} test accuracy")
