from __future__ import annotations

import numpy as np

from scratchnet.layers import ELU
from tests.layers.suite import Case, LayerSuite, refuses


class TestELU(LayerSuite):
    layer = ELU
    terms = 4
    cases = (
        Case({}, (7,), (7,)),
        Case({"alpha": 0.5}, (2, 3, 4), (2, 3, 4)),
    )

    def expected(self, layer, x, weights):
        return np.where(x > 0, x, layer.alpha * np.expm1(x))


def test_a_negative_alpha_is_refused():
    refuses(ELU, {"alpha": -1}, "elu: expected alpha to be a number of at least 0")
