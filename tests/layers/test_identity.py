from __future__ import annotations

from scratchnet.layers import Identity
from tests.layers.suite import Case, LayerSuite


class TestIdentity(LayerSuite):
    layer = Identity
    cases = (Case({}, (2, 3, 4), (2, 3, 4)), Case({}, (5,), (5,)))

    def expected(self, layer, x, weights):
        return x
