"""Check hand-written gradients against central differences.

    from scratchnet import gradcheck
    report = gradcheck(MyLayer(8), input_shape=(5,))
    print(report)
    assert report.passed, report

What is compared, for a random upstream gradient dy and the scalar L = ⟨dy, y⟩:
``backward(dy)`` against the slope of L, first along a dense random direction through
a whole tensor, then element by element. All in float64, on a copy of the layer. One
idea a file:

    check.py        the check of a layer, from beginning to end
    inputs.py       values to check at: random, distinct, away from kinks
    subject.py      the layer's copy, put back to one state before every evaluation
    differences.py  the numeric slope, its rounding error, and signs of a kink
    compare.py      relative error; directions, elements, and the search for one
    conduct.py      what a layer must keep besides the slope (input unchanged, …)
    causes.py       what a wrong gradient looks like, and what then is likely wrong
    report.py       the result, and its table
    losses.py       the same check for losses
    cases.py        the cases behind the command ``scratchnet gradcheck``
"""

from scratchnet.gradcheck.check import gradcheck
from scratchnet.gradcheck.losses import gradcheck_loss
from scratchnet.gradcheck.report import Report, Row

__all__ = ["Report", "Row", "gradcheck", "gradcheck_loss"]
