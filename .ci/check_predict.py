"""Check the installed `scratchnet predict`: a run's test images, from PNG files.

It is run by the Python of an environment that holds the wheel, in a folder without the
repository: `python check_predict.py RUN`.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import scratchnet
from scratchnet import datasets
from scratchnet.runs.run import Run

assert Path(scratchnet.__file__).is_relative_to(sys.prefix), scratchnet.__file__
run = Run.open(sys.argv[1])
_, (images, _) = datasets.get(run.record["dataset"]["name"]).load_data()
names = [f"test-image-{i}.png" for i in range(10)]
for image, name in zip(images, names, strict=False):
    Image.fromarray(image).save(name)
words = [str(Path(sys.executable).with_name("scratchnet")), "predict", sys.argv[1]]
options = ["--json", "--top", "1", "--figure", "figure.png"]
printed = subprocess.run(
    [*words, *names, *options], check=True, capture_output=True, text=True
).stdout
guesses = [answer["guesses"][0] for answer in json.loads(printed)["pictures"]]
expected = run.predictions()[1][: len(names)]
assert [guess["label"] for guess in guesses] == expected.argmax(1).tolist()
shares = [guess["probability"] for guess in guesses]
np.testing.assert_allclose(shares, expected.max(1), rtol=1e-5)
assert Path("figure.png").stat().st_size > 10_000
print(f"scratchnet predict: {len(names)} pictures, all as in {sys.argv[1]}")
