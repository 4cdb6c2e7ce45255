"""Pixels that are scaled while they are gathered."""

from __future__ import annotations

from scratchnet.plan.plan import Plan


def rescaling_of_pixels(plan: Plan) -> None:
    """Scale integers while they are gathered and cast; the same bits.

    For a model that begins with a `Rescaling` by a positive factor, without an offset:
    a negative factor would make −0 of 0, where the layer, which adds 0, has +0. It has
    no parameter, so that its way back never runs.
    """
    program = plan.program
    run = program.match(0, "gather", "rescaling")
    first = program.source_count == 1 and program.inputs[1:2] == [(0,)]
    if run is None or not first:
        return
    source, layer = run
    if isinstance(layer.scale, float) and layer.scale > 0 and layer.offset == 0:
        source.rescaling = layer
        program.replace(0, 2, source)
