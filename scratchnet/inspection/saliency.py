"""Which pixels a prediction rests on.

Two ways that fail differently. The gradient says how the score would change with each
pixel, for a small change only. Occlusion covers a part of the image and says what
becomes of the probability, for a large change, at the price of many predictions.

References: Simonyan, Vedaldi & Zisserman (2014), "Deep inside convolutional networks",
section 3; Zeiler & Fergus (2014), "Visualizing and understanding convolutional
networks", section 4.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.inspection import figures, passes
from scratchnet.inspection.passes import Model


def gradient_saliency(
    model: Model, image: Any, target: int | None = None
) -> np.ndarray:
    """Return the gradient of a class's score with respect to every pixel.

    The score is the logit where the model ends in softmax, else the output itself.

    Shapes:
        returned: as one sample, such as (H, W, C)

    Args:
        model: a built model with an output (N, C).
        image: one sample, with or without a batch's dimension.
        target: the class; None takes the predicted one.

    Raises:
        ValueError: the image doesn't fit, or there is no such class.
    """
    batch = passes.one_sample(model, image)
    chosen = _target(model.predict(batch, verbose=0)[0], target)
    return passes.from_score(model, batch, chosen)[0]


def occlusion(
    model: Model,
    image: Any,
    target: int | None = None,
    *,
    window: int = 5,
    stride: int = 1,
    fill: float | None = None,
    batch_size: int = 256,
) -> np.ndarray:
    """Return how much of a class's output is lost as each part of the image is covered.

        map[h, w] = mean of output(image) − output(image with the window covered),
                    over the windows that cover (h, w)

    Shapes:
        returned: (H, W); NaN where no window comes (with a stride above 1)

    Args:
        model: a built model with input (N, H, W, C) and output (N, C).
        image: one sample, with or without a batch's dimension.
        target: the class; None takes the predicted one.
        window: height and width of what is covered, in pixels.
        stride: pixels from one window to the next.
        fill: what covers, in the image's own unit; None is the image's mean.
        batch_size: images predicted at once.

    Raises:
        ValueError: the image doesn't fit, or the window is larger than it.
    """
    batch = passes.one_sample(model, image)
    if batch.ndim != 4:
        raise ValueError(
            f"occlusion: expected an image (H, W, C), received {batch.shape[1:]}"
        )
    window = arguments.positive_int("occlusion", "window", window)
    stride = arguments.positive_int("occlusion", "stride", stride)
    _, height, width, _ = batch.shape
    if window > min(height, width):
        raise ValueError(
            f"occlusion: expected a window of at most {min(height, width)} pixels, "
            f"received {window}"
        )
    whole = model.predict(batch, verbose=0)[0]
    chosen = _target(whole, target)
    cover = batch.mean() if fill is None else batch.dtype.type(fill)
    places = [
        (top, left)
        for top in range(0, height - window + 1, stride)
        for left in range(0, width - window + 1, stride)
    ]
    lost, covered = np.zeros((height, width)), np.zeros((height, width))
    for start in range(0, len(places), batch_size):
        part = places[start : start + batch_size]
        images = np.repeat(batch, len(part), axis=0)
        for one, (top, left) in zip(images, part, strict=True):
            one[top : top + window, left : left + window] = cover
        scores = model.predict(images, batch_size=batch_size, verbose=0)[:, chosen]
        for score, (top, left) in zip(scores, part, strict=True):
            inside = np.s_[top : top + window, left : left + window]
            lost[inside] += float(whole[chosen]) - float(score)
            covered[inside] += 1
    return np.divide(lost, covered, out=np.full_like(lost, np.nan), where=covered > 0)


def plot_saliency(
    model: Model,
    image: Any,
    target: int | None = None,
    *,
    class_names: Any = None,
    window: int = 5,
) -> Any:
    """Draw an image, its gradient saliency and its occlusion; returns a figure.

    Args:
        model: a built model with input (N, H, W, C) and output (N, C).
        image: one sample, with or without a batch's dimension.
        target: the class; None takes the predicted one.
        class_names: names of the classes, for the title.
        window: of the occlusion, in pixels.
    """
    batch = passes.one_sample(model, image)
    outputs = model.predict(batch, verbose=0)[0]
    chosen = _target(outputs, target)
    gradient = gradient_saliency(model, batch, chosen)
    lost = occlusion(model, batch, chosen, window=window)
    figure = figures.new(9.6, 3.4)
    axes = figure.subplots(1, 3)
    figures.show_image(axes[0], batch[0])
    figures.axes_title(axes[0], "image")
    shown = (
        (np.abs(gradient).max(axis=-1), False, "|gradient of the score|"),
        (lost, True, f"output lost under {window} × {window} pixels"),
    )
    for one, (values, signed, title) in zip(axes[1:], shown, strict=True):
        picture = figures.show(one, values, signed=signed)
        bar = figure.colorbar(picture, ax=one, shrink=0.85)
        bar.ax.tick_params(labelsize=7)
        figures.axes_title(one, title)
    name = str(chosen) if class_names is None else str(class_names[chosen])
    figures.title(figure, f"{name}, {float(outputs[chosen]):.3f}: what it rests on")
    return figure


def _target(outputs: np.ndarray, target: int | None) -> int:
    if outputs.ndim != 1:
        raise ValueError(
            f"saliency: expected a model with output (N, C), received one that gives "
            f"{outputs.shape} for a sample"
        )
    if target is None:
        return int(outputs.argmax())
    if not 0 <= target < len(outputs):
        raise ValueError(
            f"saliency: expected a class from 0 to {len(outputs) - 1}, "
            f"received {target!r}"
        )
    return int(target)
