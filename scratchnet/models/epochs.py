"""Epochs: so many batches of the data, again and again.

    a pass    once through the data
    an epoch  a pass, or so many steps from where the last epoch ended

Reference: `keras/src/trainers/epoch_iterator.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.foundation import random
from scratchnet.foundation.warn import warn
from scratchnet.models.batches import Batch
from scratchnet.models.source import Source


@dataclass
class Position:
    """Where in a pass through the data the next epoch starts.

    Attributes:
        samples: their number; None where they come in batches.
        batch_size: samples in a batch; None likewise.
        taken: batches of the pass that earlier epochs have taken; 0 is a new pass.
        shuffling: state of the stream ``shuffling`` from which the order of the pass
            was drawn; None where it is not shuffled, and before the first.
    """

    samples: int | None
    batch_size: int | None
    taken: int = 0
    shuffling: Mapping[str, Any] | None = None

    def generator(self, shuffle: bool) -> np.random.Generator | None:
        """Return what a pass's order is drawn from; None if there is nothing to draw.

        In the midst of a pass the order is the one that was drawn at its start.
        """
        if self.taken == 0:
            stream = random.stream("shuffling")
            self.shuffling = stream.bit_generator.state if shuffle else None
            return stream if shuffle else None
        # Drawn before: the stream itself is further on.
        return None if self.shuffling is None else random.generator(self.shuffling)


class Epochs:
    """The batches of one epoch after another.

    With a number of steps, an epoch takes so many batches, from where the last one
    ended. Where the data ends it ends early, with a warning, and the next one starts
    the data over.

    Args:
        source: the data: `Samples` or a `Stream`.
        batch_size: samples in a batch; None is the source's own choice.
        steps: batches in an epoch; None is all.
        shuffle: whether every pass has a new order.

    Attributes:
        steps: batches in an epoch; None where that is not known before.
        position: kept up to date as epochs are taken; where it is changed before the
            first of them, that one starts there.
    """

    def __init__(
        self,
        source: Source,
        batch_size: int | None = None,
        steps: int | None = None,
        shuffle: bool = False,
    ) -> None:
        self.source, self._wanted, self._shuffle = source, steps, shuffle
        self.position = Position(*source.sizes(batch_size, steps))
        self._in_pass: int | None = source.count(self.position.batch_size)
        self.steps = steps or self._in_pass
        self._pass: Iterator[Any] | None = None
        self._started = False

    @property
    def samples(self) -> int | None:
        """Samples in an epoch; None where that is not known before."""
        position = self.position
        if position.samples is None or position.batch_size is None:
            return None
        return min(position.samples, (self.steps or 0) * position.batch_size)

    def require_passes(self, count: int) -> None:
        """Require that the data can be gone through so many times.

        Raises:
            ValueError: it is a generator, and one pass takes all of it.
        """
        if count > 1 and not self.source.again and self._wanted is None:
            raise ValueError(
                f"{self.source.who}: a {self.source.name} can be gone through once, "
                f"received {count} epochs to validate after; give validation_steps, or "
                "what can be iterated over again"
            )

    def restart(self) -> None:
        """Let the next epoch start the data over, where that is possible."""
        self.source.on_epoch_end()  # as in Keras, before the first epoch, too
        if self.source.again:
            self._pass, self.position.taken = None, 0

    def epoch(self) -> Generator[Batch, None, None]:
        """Yield the batches of the next epoch.

        None at all come where a generator has none left.

        Raises:
            ValueError: there is none in the first epoch.
        """
        self.source.on_epoch_begin()
        items, position = self._items(), self.position
        start, position.taken = position.taken, self._where_it_ends()
        done = 0
        with closing(self.source.ahead(items, self.steps)) as made:
            for step, item in enumerate(made):
                done = step + 1
                yield self.source.batch(step, item)
        if not done and start and self.source.again:  # the last epoch took all
            self._pass, position.taken = None, 0
            yield from self.epoch()
            return
        if not (done or self._started):
            raise self.source.no_batch()
        self._started = True
        if not done or (self.steps is not None and done < self.steps):
            position.taken = 0
            self._warn(done)
        self._pass = items if position.taken else None
        self.source.on_epoch_end()

    def _warn(self, done: int) -> None:
        who, name = self.source.who, self.source.name
        warn(
            f"{who}: the input ran out of data after {done} of {self.steps} steps"
            if done
            else f"{who}: the {name} has no batch left"
        )

    def _items(self) -> Iterator[Any]:
        if self._pass is None:
            position = self.position
            self._pass = itertools.islice(
                self.source.items(
                    position.batch_size, position.generator(self._shuffle)
                ),
                *(position.taken if self.source.again else 0, None),
            )
        return self._pass

    def _where_it_ends(self) -> int:
        """Return how many batches of the pass will be taken when the epoch ends."""
        if self._wanted is None:
            return 0
        end = self.position.taken + self._wanted
        return end if self._in_pass is None or end < self._in_pass else 0
