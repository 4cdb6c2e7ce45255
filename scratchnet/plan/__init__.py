"""What a compiled model runs, and the rules that make it faster than its layers.

A `Plan` is made when training, evaluation or prediction starts. It is a short program:
a list of operations, each with the places of those whose outputs it reads. Layers say
which operations they are; a rule finds operations that follow one another in a certain
pattern and puts one in their place. ``print(model.plan())`` shows what came of it.

`RULES` is the list of all rules. ``compile(run_eagerly=True)`` switches them off: then
every layer is one operation, and runs as it is written. A test shows that both agree.

Rules touch scratchnet's own layers and losses only. A class derived from one of them
may do something else in its `forward` or `backward`, and is run as it is.

One thing is not a rule, because it changes what is computed: as in Keras, a
cross-entropy after a sigmoid is that of the softmax of the logits; see
`logits.needs_logits`.
"""

from scratchnet.plan.compiling import INFERENCE_RULES, RULES, Rule, compiled
from scratchnet.plan.logits import takes_logits
from scratchnet.plan.plan import Plan

__all__ = ["INFERENCE_RULES", "RULES", "Plan", "Rule", "compiled", "takes_logits"]
