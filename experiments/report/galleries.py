"""Images on a page: the figures of `pictures` as HTML, with text that is text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np

from experiments.report.choices import Prediction
from experiments.report.look import readable
from experiments.report.markup import Html, data_url, element, join
from experiments.report.pictures import as_pixels

LONGEST_NAME = 40
LARGEST_SIDE = 160


def samples(images: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> Html:
    """Return images of a data set, each with its class.

    Shapes:
        images: (N, H, W[, C]); labels: (N,).
    """
    entries = [
        element("li", image(pixels, name), element("span", name))
        for pixels, name in zip(as_pixels(images), _named(labels, names), strict=True)
    ]
    return _gallery("small", entries)


def predictions(
    images: np.ndarray, found: Sequence[Prediction], names: Sequence[str]
) -> Html:
    """Return images with what was predicted; wrong ones with the true class, too.

    Args:
        images: (N, H, W[, C]), those of ``found``.
        found: one per image.
        names: of the classes.
    """
    return _gallery("small", _predicted(images, found, names, sure=False))


def mistakes(
    images: np.ndarray, found: Sequence[Prediction], names: Sequence[str]
) -> Html:
    """Return the same in a larger size, with the probability of what was predicted."""
    return _gallery("large", _predicted(images, found, names, sure=True))


def top(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    names: Sequence[str],
    *,
    most: int = 5,
) -> Html:
    """Return images, each with bars of its most probable classes.

    Shapes:
        images: (N, H, W[, C]); labels: (N,); probabilities: (N, C).
    """
    entries = []
    for pixels, label, row in zip(
        as_pixels(images), labels, probabilities, strict=True
    ):
        true = readable(names[label], LONGEST_NAME)
        bars = [
            _bar(names[guess], row[guess], _kind(guess == label, place == 0))
            for place, guess in enumerate(np.argsort(-row, kind="stable")[:most])
        ]
        heading = element("span", "true: ", element("strong", true))
        entries.append(
            element(
                "li",
                image(pixels, f"true class {true}"),
                element("span", heading, *bars, class_="bars"),
            )
        )
    return _gallery("top", entries)


def image(pixels: np.ndarray, description: str) -> Html:
    """Return one image, which the page holds itself.

    Shapes:
        pixels: (H, W, 3) uint8.
    """
    from PIL import Image

    made = Image.fromarray(np.ascontiguousarray(pixels))
    if max(made.size) > LARGEST_SIDE:
        made.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    if (pixels == pixels[..., :1]).all():
        made = made.convert("L")
    buffer = io.BytesIO()
    made.save(buffer, format="PNG")
    return element("img", src=data_url(buffer.getvalue()), alt=description)


def _predicted(
    images: np.ndarray, found: Sequence[Prediction], names: Sequence[str], *, sure: bool
) -> Iterator[Html]:
    for pixels, one in zip(as_pixels(images), found, strict=True):
        predicted = readable(names[one.predicted], LONGEST_NAME)
        true = readable(names[one.label], LONGEST_NAME)
        text = f"{predicted} {one.probability:.1%}" if sure else predicted
        yield element(
            "li",
            image(pixels, f"test image {one.index}: {predicted}, true class {true}"),
            element("span", text),
            element("small", f"({true})") if not one.right else Html(""),
            class_="right" if one.right else "wrong",
        )


def _bar(name: str, probability: float, kind: str) -> Html:
    share = 100 * float(probability)
    colour = f"var(--{kind}-bar)"
    return element(
        "span",
        element("b", f"{share:.1f}%"),
        readable(name, LONGEST_NAME),
        class_="bar",
        style=f"background-image: linear-gradient({colour}, {colour}); "
        f"background-size: {share:.2f}% 100%; background-repeat: no-repeat",
    )


def _kind(true: bool, first: bool) -> str:
    return "right" if true else "wrong" if first else "other"


def _named(labels: np.ndarray, names: Sequence[str]) -> list[str]:
    return [readable(names[label], LONGEST_NAME) for label in labels]


def _gallery(size: str, entries: Sequence[Html] | Iterator[Html]) -> Html:
    return element("ul", join(entries), class_=f"gallery {size}")
