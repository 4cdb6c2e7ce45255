from __future__ import annotations

import finished_run
import pytest

from scratchnet.commands import cli

NAMES = ["filters.png", "feature_maps.png", "activations.png", "saliency.png"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return finished_run.make(tmp_path_factory.mktemp("runs") / "run")


def test_it_draws_all_figures(run, tmp_path, capsys):
    from matplotlib.image import imread

    out = tmp_path / "figures"
    words = ["--sample", "4", "--out", str(out)]
    assert cli.main(["inspect", str(run.folder), *words]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [str(out / name) for name in NAMES]
    for name in NAMES:
        picture = imread(out / name)
        assert min(picture.shape[:2]) >= 150
        assert picture[..., :3].std() > 0.02  # not an empty page


def test_the_figures_go_beside_the_run(run, monkeypatch, capsys):
    from matplotlib.figure import Figure

    saved = []
    monkeypatch.setattr(Figure, "savefig", lambda self, path, **_: saved.append(path))
    assert cli.main(["inspect", str(run.folder)]) == 0
    assert saved == [run.folder / "inside" / name for name in NAMES]


def test_what_is_not_there(run, tmp_path, capsys):
    assert cli.main(["inspect", str(tmp_path)]) == 1
    assert "is no run's folder" in capsys.readouterr().err
    assert cli.main(["inspect", str(run.folder), "--sample", "-1"]) == 2
    assert "expected a test image from 0 to" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    words = ["--out", str(tmp_path / "file")]
    assert cli.main(["inspect", str(run.folder), *words]) == 1
    assert "file" in capsys.readouterr().err
