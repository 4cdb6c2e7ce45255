from __future__ import annotations

import configparser
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_what_coverage_leaves_out_is_there():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    patterns = config["coverage:run"]["omit"].split()
    assert patterns
    for pattern in patterns:
        assert list(ROOT.glob(pattern)), f"setup.cfg: nothing matches {pattern}"
