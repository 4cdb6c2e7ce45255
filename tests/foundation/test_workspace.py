"""Buffers that are used again, and who sees them."""

import threading

import numpy as np

from scratchnet.foundation import workspace
from scratchnet.foundation.workspace import Workspace


def test_the_same_request_gets_the_same_memory():
    with Workspace():
        first = workspace.empty("layer", "y", (4, 3), np.float32)
        again = workspace.empty("layer", "y", (4, 3), np.float32)
    assert np.shares_memory(first, again)
    assert first.flags.c_contiguous


def test_owners_names_and_dtypes_have_memory_of_their_own():
    with Workspace() as space:
        arrays = [
            workspace.empty("a", "y", (4,), np.float32),
            workspace.empty("b", "y", (4,), np.float32),
            workspace.empty("a", "x", (4,), np.float32),
            workspace.empty("a", "y", (4,), np.float64),
        ]
    for i, one in enumerate(arrays):
        assert not any(np.shares_memory(one, other) for other in arrays[:i])
    assert space.nbytes() == 3 * 16 + 32


def test_buffers_grow_and_serve_smaller_requests():
    with Workspace() as space:
        small = workspace.empty("a", "y", (2, 3), np.float32)
        large = workspace.empty("a", "y", (5, 3), np.float32)
        last = workspace.empty("a", "y", (2, 3), np.float32)
    assert not np.shares_memory(small, large)
    assert np.shares_memory(last, large)
    assert last.shape == (2, 3)
    assert space.nbytes() == 5 * 3 * 4


def test_outside_every_array_is_fresh():
    first = workspace.empty("a", "y", (3,), np.float32)
    assert not np.shares_memory(first, workspace.empty("a", "y", (3,), np.float32))


def test_nested_workspaces_keep_apart_and_come_back():
    with Workspace():
        outer = workspace.empty("a", "y", (3,), np.float32)
        with Workspace():
            inner = workspace.empty("a", "y", (3,), np.float32)
        again = workspace.empty("a", "y", (3,), np.float32)
    assert not np.shares_memory(outer, inner)
    assert np.shares_memory(outer, again)


def test_an_error_leaves_no_workspace_behind():
    try:
        with Workspace():
            raise ValueError
    except ValueError:
        pass
    first = workspace.empty("a", "y", (3,), np.float32)
    assert not np.shares_memory(first, workspace.empty("a", "y", (3,), np.float32))


def test_a_workspace_is_its_threads_own():
    found = []

    def ask():
        found.append(workspace.empty("a", "y", (3,), np.float32))

    with Workspace():
        mine = workspace.empty("a", "y", (3,), np.float32)
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert not np.shares_memory(mine, found[0])


def test_an_array_of_no_elements():
    with Workspace():
        assert workspace.empty("a", "y", (0, 3), np.float32).shape == (0, 3)
