"""Which output of a model each part of what the user gives is for.

Losses, their weights, metrics, targets and sample weights come as a list in the
outputs' order or as a dictionary by their names; some of them as one for all. What
Keras would pass over without a word (a list that is too short) is refused.

Reference: `keras/src/trainers/compile_utils.py`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchnet.foundation.structure import is_one, leaves


class Outputs(NamedTuple):
    """The outputs of a model, as far as what is given for them goes.

    Attributes:
        who: the model, for messages.
        names: of each: its key, or the name of the layer that makes it; None for those
            of a class whose `call` returns a list.
        keys: in the order in which the outputs are given, where that is a dictionary.
    """

    who: str
    names: list[Any]
    keys: tuple[str, ...] | None = None

    def error(self, what: str, rule: str, given: Any, error: type = ValueError) -> Any:
        """Return the error for what doesn't fit them."""
        there = f"its outputs are {self.names}"
        if len(self.names) == 1:
            there = f"its output is {self.names[0]!r}"
        elif None in self.names:
            there = f"its {len(self.names)} outputs have no names"
        return error(
            f"{self.who}: expected {what} {rule}; {there}, received {given!r:.200}"
        )


def losses(given: Any, outputs: Outputs) -> list[Any]:
    """Return a loss for each output, None for one that has none.

    Raises:
        ValueError, KeyError: their number or a name is wrong; which of the two as in
            Keras.
    """
    names = outputs.names
    if is_one(given):
        return [given] * len(names)
    if isinstance(given, dict):
        if outputs.keys is not None and not set(given) <= set(names):
            rule = "by the outputs' keys, without those that have no loss"
            raise outputs.error("loss", rule, given, KeyError)
        if outputs.keys is None and set(given) != set(names):
            rule = "by the names of all outputs, None for one that has no loss"
            raise outputs.error("loss", rule, given)
        return [given.get(name) for name in names]
    if len(given) != len(names):
        kind = KeyError if len(given) > len(names) > 1 else ValueError
        raise outputs.error("loss", "to be one for each output, or None", given, kind)
    return [*given]


def loss_weights(given: Any, loss: Any, outputs: Outputs) -> list[float]:
    """Return what each output's loss is multiplied with.

    Args:
        given: a number for one loss, or what has the structure of the losses; None
            stands for 1.
        loss: the loss, or losses, as given.
        outputs: what they are for.

    Raises:
        ValueError: there are more or fewer than losses, or others are named.
        TypeError: one is no number.
    """
    names = outputs.names
    if is_one(given) and (given is None or is_one(loss) or len(names) == 1):
        return [_number(given)] * len(names)
    wanted = [*loss] if isinstance(loss, dict) else names
    rule = f"to be one for each of the losses {wanted}"
    if is_one(given) or len(given) != len(wanted) or (is_one(loss) and len(names) > 1):
        raise outputs.error("loss_weights", rule, given)
    if isinstance(given, dict):
        if set(given) != set(wanted):
            raise outputs.error("loss_weights", rule, given)
        if not isinstance(loss, dict) and names != sorted(names):
            rule = "as a list beside a list: Keras takes a dictionary's in sorted order"
            raise outputs.error("loss_weights", rule, given)
        by_name = given
    else:
        by_name = dict(
            zip([n for n in names if n in wanted] or wanted, given, strict=True)
        )
        if None in names or len(by_name) < len(given):
            return [_number(one) for one in given]
    return [_number(by_name.get(name)) for name in names]


def _number(weight: Any) -> float:
    if weight is None:
        return 1.0
    try:
        return float(weight)
    except (TypeError, ValueError):
        raise TypeError(
            f"compile: expected a number as loss_weights, received {weight!r}"
        ) from None


def metrics(what: str, given: Any, outputs: Outputs) -> list[list[Any]]:
    """Return the metrics of each output; all that there are are those of a single one.

    Raises:
        ValueError: it is neither a list with an entry for each output, nor a
            dictionary by some of their names.
    """
    names = outputs.names
    if len(names) == 1:
        return [leaves(given)]
    if given is None or (not is_one(given) and not given):
        return [[] for _ in names]
    if isinstance(given, list | tuple) and len(given) == len(names):
        return [leaves(part) for part in given]
    if not is_one(given) and isinstance(given, dict) and set(given) <= set(names):
        return [leaves(given.get(name)) for name in names]
    rule = "as a list with an entry for each output, or by some of their names"
    raise outputs.error(what, rule, given)


def targets(who: str, y: Any, has_loss: list[bool], outputs: Outputs) -> list[Any]:
    """Return the targets of each output, None where there are none.

    Args:
        who: the method that received them.
        y: for all outputs, or for those with a loss.
        has_loss: whether each has one.
        outputs: what they are for.

    Raises:
        ValueError: they are more or fewer, or another output is named.
    """
    names = outputs.names
    if isinstance(y, dict):
        if not set(y) <= set(names):
            raise outputs.error(f"{who}'s y", "by the outputs' names", [*y])
        return [y.get(name) for name in names]
    parts = [*y] if isinstance(y, list | tuple) else [y]
    if len(parts) == len(names):
        return parts
    if len(parts) == sum(has_loss):
        following = iter(parts)
        return [next(following) if one else None for one in has_loss]
    raise outputs.error(
        f"{who}'s y",
        "to be a list with targets for each output, or a dictionary",
        [np.shape(one) for one in parts] if len(parts) > 1 else _short(y),
    )


def _short(y: Any) -> str:
    return f"{type(y).__name__} of shape {np.shape(y)}"


def sample_weights(
    who: str, given: Any, targets: list[Any], outputs: Outputs
) -> list[Any]:
    """Return the sample weights of each output; one of each sample is for all outputs.

    Raises:
        ValueError: they are more or fewer, or another output is named.
    """
    there = [one is not None for one in targets]
    if given is None:
        return [None] * len(targets)
    if isinstance(given, dict):
        named = {name for name, one in zip(outputs.names, there, strict=True) if one}
        if set(given) != named:
            rule = f"by the names {sorted(named)}, None for what has no weights"
            raise outputs.error(f"{who}'s sample_weight", rule, [*given])
        return [given.get(name) for name in outputs.names]
    if isinstance(given, list | tuple):
        if len(given) == len(there):
            return [*given]
        if len(given) != sum(there):
            rule = "to be a list with weights for each output, or one array for all"
            raise outputs.error(f"{who}'s sample_weight", rule, f"{len(given)} entries")
        following = iter(given)
        return [next(following) if one else None for one in there]
    shape = np.shape(given)
    if len(shape) != 1 and shape[1:] != (1,):
        rule = "for all outputs to have one weight for each sample, (N,)"
        raise outputs.error(f"{who}'s sample_weight", rule, shape)
    return [given if one else None for one in there]
