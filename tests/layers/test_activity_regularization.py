from __future__ import annotations

from scratchnet.layers import ActivityRegularization
from tests.layers.suite import Case, LayerSuite


class TestActivityRegularization(LayerSuite):
    layer = ActivityRegularization
    terms = 1
    cases = (
        Case({}, (2, 3, 4), (2, 3, 4)),
        Case({"l1": 0.1, "l2": 0.5}, (5,), (5,)),
    )

    def expected(self, layer, x, weights):
        return x
