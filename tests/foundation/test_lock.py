from __future__ import annotations

import pytest

from scratchnet.foundation.lock import exclusive, fcntl

pytestmark = pytest.mark.skipif(fcntl is None, reason="Windows has no such locks")


def test_who_does_not_wait_is_told_that_the_lock_is_held(tmp_path):
    path = tmp_path / "lock"
    with exclusive(path) as held:
        assert held
        with pytest.raises(BlockingIOError), exclusive(path, wait=False):
            pytest.fail("two hold the lock")
    with exclusive(path, wait=False) as held:
        assert held
