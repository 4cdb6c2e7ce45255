"""Explain one number: which inputs met which weights, and what came of it.

`explain` works one element of a layer's output out again, `explain_gradient` follows
one element of a gradient up to the loss. Both compare every result with the kernel's
own. There is a module per kind of layer; the derivations stand beside the kernels.
"""

from scratchnet.explain.element import explain, explain_gradient
from scratchnet.explain.equation import Equation, Row
from scratchnet.explain.explanation import Explanation

__all__ = ["Equation", "Explanation", "Row", "explain", "explain_gradient"]
