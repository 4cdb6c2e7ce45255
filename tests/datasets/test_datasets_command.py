from __future__ import annotations

import pytest
import tiny_files

from scratchnet import datasets
from scratchnet.commands import cli


@pytest.fixture
def small_fashion(server, monkeypatch):
    dataset, packed = tiny_files.tiny_fashion((server.url,))
    server.files.update(packed)
    monkeypatch.setitem(datasets._DATASETS, "fashion_mnist", dataset)
    return packed


def scratchnet(*words: str) -> int:
    return cli.main(["datasets", *words])


def test_list_shows_what_is_found_and_what_is_not(empty_machine, small_fashion, capsys):
    folder = empty_machine / "debian/fashion-mnist"
    tiny_files.write_files(folder, small_fashion)
    assert scratchnet("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(datasets.names())
    assert f"archive    {folder} (debian)" in lines[1]
    assert "not found; scratchnet datasets download cifar10" in lines[2]
    assert "not found; scratchnet datasets download cifar100" in lines[3]
    assert "(scikit-learn)" in lines[5]


def test_download_then_already_there(empty_machine, small_fashion, capsys):
    assert scratchnet("download", "fashion_mnist", "digits") == 0
    out = capsys.readouterr().out
    assert "fashion_mnist: downloaded, in" in out
    assert "digits: nothing to download" in out
    assert scratchnet("download", "fashion-mnist") == 0
    assert "fashion_mnist: already in" in capsys.readouterr().out


def test_download_that_fails(empty_machine, small_fashion, server, capsys):
    server.files["t10k-labels-idx1-ubyte.gz"] = b"wrong"
    assert scratchnet("download", "fashion_mnist") == 1
    assert "t10k-labels-idx1-ubyte.gz can't be downloaded" in capsys.readouterr().err


def test_verify_prints_checksums(empty_machine, small_fashion, capsys):
    tiny_files.write_files(empty_machine / "debian/fashion-mnist", small_fashion)
    assert scratchnet("verify", "fashion_mnist") == 0
    out = capsys.readouterr().out
    for name, data in small_fashion.items():
        assert f"{tiny_files.sha256(data)}  {name}" in out


def test_verify_reports_a_damaged_copy(empty_machine, small_fashion, capsys):
    tiny_files.write_files(empty_machine / "debian/fashion-mnist", small_fashion)
    damaged = {**small_fashion, "train-labels-idx1-ubyte.gz": b"damaged"}
    tiny_files.write_files(empty_machine / "keras/datasets/fashion-mnist", damaged)
    assert scratchnet("verify", "fashion_mnist") == 1
    out = capsys.readouterr().out
    assert "FAULT" in out and "train-labels-idx1-ubyte.gz" in out
    assert "archive (debian" in out


def test_verify_of_what_is_not_there(empty_machine, capsys):
    assert scratchnet("verify", "mnist") == 1
    assert scratchnet("verify") == 0
    assert "mnist: not found" in capsys.readouterr().out


def test_unknown_name(empty_machine, capsys):
    assert scratchnet("verify", "cifar") == 2
    assert "expected one of fashion_mnist" in capsys.readouterr().err


def test_own_folder_that_is_not_there(empty_machine, monkeypatch, capsys):
    monkeypatch.setenv("SCRATCHNET_DATA", str(empty_machine / "typo"))
    for words in (["list"], ["verify"]):
        assert scratchnet(*words) == 1
    assert "typo" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["download"], ["remove"]])
def test_wrong_use_is_explained(words, capsys):
    with pytest.raises(SystemExit) as caught:
        scratchnet(*words)
    assert caught.value.code == 2
    assert "usage: scratchnet datasets" in capsys.readouterr().err
