"""A training run's folder, and what its model says of a picture in a file.

    run            the folder, its format, and how to read it again
    prepare        make of it what the model was trained on: size, channels, 8 bits
    classifier     the run's model, and its guesses with their names
    figure         both drawn side by side

``scratchnet predict`` is these five, in this order; `images` has those that a run was
tested on.
"""

from scratchnet.runs.run import Run

__all__ = ["Run"]
