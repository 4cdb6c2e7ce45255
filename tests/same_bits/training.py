"""What the six models' training computes, as hashes, on this machine.

    python -m tests.same_bits.training FILE    add what is missing to FILE
    python -m tests.same_bits.training FILE --compare OTHER

Each line of FILE is one training of two short epochs: a model of the study, a rung of
the ladder, a dtype, a number of threads, with the plan's rules and without; and the
hash of its weights, histories and predictions. Whoever moves code records before the
first change and compares after every step. A line's key names the processor and the
versions that bits depend on: on another machine nothing is compared.
"""

import argparse
import hashlib
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

DATASETS = {"fashion_mnist": ((28, 28, 1), 10), "cifar100": ((32, 32, 3), 100)}
MODELS = ("ann", "basic_cnn", "deeper_cnn")
RUNGS = ("reference", "loops", "blas", "im2col", "direct", "winograd")
DTYPES = ("float32", "float64")
THREADS = (1, 2)
IMAGES, BATCH_SIZE, EPOCHS = 40, 16, 2


def machine():
    """Return what bits depend on, beside scratchnet."""
    import llvmlite
    import llvmlite.binding
    import numba

    return {
        "processor": llvmlite.binding.get_host_cpu_name(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
    }


def settings():
    """Yield every combination, but for the number of threads."""
    for dataset, model, dtype, rung, eager in itertools.product(
        DATASETS, MODELS, DTYPES, RUNGS, (False, True)
    ):
        yield {
            "dataset": dataset,
            "model": model,
            "dtype": dtype,
            "rung": rung,
            "run_eagerly": eager,
        }


def train(dataset, model, dtype, rung, run_eagerly):
    """Return the hash of two epochs' weights, history and predictions."""
    import scratchnet as keras
    from scratchnet import architectures, kernels

    shape, classes = DATASETS[dataset]
    rng = np.random.default_rng(11)
    x = rng.integers(0, 256, (IMAGES, *shape), np.uint8)
    y = rng.integers(0, classes, IMAGES)
    keras.utils.set_random_seed(12)
    study = architectures.ALL[model](shape, classes)
    layers = [keras.layers.Rescaling(1 / 255), *study.layers]
    net = keras.Sequential([keras.Input(shape), *copied(layers, dtype)])
    net.compile(
        keras.optimizers.Adam(),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        run_eagerly=run_eagerly,
    )
    with kernels.rung(rung):
        history = net.fit(
            x,
            y,
            batch_size=BATCH_SIZE,
            epochs=EPOCHS,
            validation_split=0.2,
            verbose=0,
        ).history
        digest = hashlib.sha256(json.dumps(history).encode())
        for weight in net.get_weights():
            digest.update(weight.tobytes())
        digest.update(net.predict(x, batch_size=7, verbose=0).tobytes())
    return digest.hexdigest()[:24]


def copied(layers, dtype):
    """Return fresh layers of the dtype."""
    return [
        type(layer).from_config({**layer.get_config(), "dtype": dtype})
        for layer in layers
    ]


def key(line):
    """Return what identifies a line: everything but its hash."""
    return json.dumps(
        {name: value for name, value in line.items() if name != "hash"}, sort_keys=True
    )


def read(path):
    """Return key → line of a file; nothing where there is none."""
    path = Path(path)
    lines = path.read_text().splitlines() if path.exists() else []
    return {key(line): line for line in map(json.loads, lines)}


def record(path, threads):
    """Train what the file has not, with this process's number of threads."""
    known = read(path)
    with open(path, "a") as file:
        for setting in settings():
            line = {**machine(), "threads": threads, **setting}
            if key(line) not in known:
                line["hash"] = train(**setting)
                print(json.dumps(line), file=file, flush=True)


def main():
    """Record in a process for each number of threads, then compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--compare", metavar="OTHER")
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.threads:
        record(arguments.file, arguments.threads)
        return
    for threads in THREADS:
        number = str(threads)
        environment = {
            **os.environ,
            "NUMBA_NUM_THREADS": number,
            "OPENBLAS_NUM_THREADS": number,
        }
        command = [sys.executable, "-m", "tests.same_bits.training", arguments.file]
        subprocess.run([*command, "--threads", number], env=environment, check=True)
    if arguments.compare:
        ours, theirs = read(arguments.file), read(arguments.compare)
        both = [name for name in theirs if name in ours]
        different = [name for name in both if ours[name] != theirs[name]]
        for name in different:
            print("differs:", name)
        print(f"{len(both)} compared, {len(different)} differ")
        if different or not both:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
