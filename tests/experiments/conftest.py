from __future__ import annotations

from pathlib import Path

import pytest

from experiments.__main__ import main


@pytest.fixture(scope="session")
def quick_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a quick study of two models on digits; tests only read it."""
    out = tmp_path_factory.mktemp("study")
    words = ["run", "--quick", "--model", "ann,basic_cnn", "--out", str(out)]
    assert main([*words, "--verbose", "0", "--no-report"]) == 0
    return out
