"""Activations and dropout that need no array of their own."""

from __future__ import annotations

import copy

from scratchnet.plan.plan import Plan


def in_place(plan: Plan) -> None:
    """Let operations write over arrays that nobody reads again; the same bits.

    That is an operation's input, if what made it does not read it on the way back and
    nobody else reads it at all; and the gradient that it is handed, if what made that
    keeps nothing of it. Operations that can do so have ``overwrites_input`` and
    ``overwrites_gradient``.
    """
    program = plan.program
    for at in range(1, len(program.operations)):
        operation = program.operations[at]
        if not program.kinds[at] or not hasattr(operation, "overwrites_input"):
            continue
        operation = program.operations[at] = copy.copy(operation)
        (source,) = program.inputs[at]
        operation.overwrites_input = (
            bool(program.kinds[source])
            and program.operations[source].free_output
            and program.only_reader(source) == at
        )
        reader = program.only_reader(at)
        if reader is not None and hasattr(operation, "overwrites_gradient"):
            operation.overwrites_gradient = (
                bool(program.kinds[reader]) and program.operations[reader].free_gradient
            )
