"""What a training step runs, and the rules that make it faster than its layers.

A `Plan` is made when training starts. Without rules it is the model as written: the
stages are its layers, and the head applies the loss to what comes out of them. Each
rule rewrites that plan; `RULES` is the list of all of them. ``compile(run_eagerly=
True)`` switches them off, and a test shows that both ways agree.

Rules touch scratchnet's own layers and losses only. A class derived from one of them
may do something else in its `forward` or `backward`, and is run as it is.

One thing is no rule, because it changes what is computed: as in Keras, a cross-entropy
after a sigmoid is that of the softmax of the logits; see `needs_logits`.
"""

from __future__ import annotations

from collections.abc import Callable

from scratchnet.plan.dense_chain import dense_chain
from scratchnet.plan.dropout_in_place import dropout_in_place
from scratchnet.plan.first_parameter import nothing_before_the_first_parameter
from scratchnet.plan.logits import has_logits, softmax_cross_entropy, takes_logits
from scratchnet.plan.plan import Plan
from scratchnet.plan.pooled_convolution import pooled_convolution
from scratchnet.plan.rescaling import rescaling_of_pixels

__all__ = ["INFERENCE_RULES", "RULES", "Plan", "has_logits", "takes_logits"]

RULES: tuple[Callable[[Plan], None], ...] = (
    rescaling_of_pixels,
    softmax_cross_entropy,
    pooled_convolution,
    dense_chain,
    dropout_in_place,
    nothing_before_the_first_parameter,
)

INFERENCE_RULES: tuple[Callable[[Plan], None], ...] = (
    rescaling_of_pixels,
    pooled_convolution,
    dense_chain,
)
