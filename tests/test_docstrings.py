from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import scratchnet

MODULES = ["scratchnet"] + [
    module.name
    for module in pkgutil.walk_packages(scratchnet.__path__, "scratchnet.")
    if not module.name.endswith("__main__")
]


def room_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


@pytest.mark.parametrize("room", sorted(set(map(room_of, MODULES))))
def test_the_examples_in_docstrings_are_true(room):
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    for name in MODULES:
        if room_of(name) == room:
            module = importlib.import_module(name)
            result = doctest.testmod(module, optionflags=options)
            assert result.failed == 0, "see the captured output"


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [
        example
        for name in MODULES
        for test in finder.find(importlib.import_module(name))
        for example in test.examples
    ]
    assert len(examples) > 50
