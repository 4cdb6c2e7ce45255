from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scratchnet import datasets


def test_names():
    assert datasets.names() == (
        "fashion_mnist",
        "cifar10",
        "cifar100",
        "mnist",
        "digits",
    )


@pytest.mark.parametrize("name", datasets.names())
def test_an_entry_and_its_module_agree(name):
    entry = datasets.get(name)
    module = getattr(datasets, name)
    assert entry.name == name
    assert entry is module.DATASET
    assert entry.class_names is module.class_names
    assert entry.num_classes == len(set(entry.class_names))
    assert callable(module.load_data)


@pytest.mark.parametrize("name", ["fashion-mnist", "Fashion_MNIST", "CIFAR100"])
def test_spelling_is_forgiven(name):
    assert datasets.get(name).name in datasets.names()


@pytest.mark.parametrize("name", ["cifar", "", "../mnist", None])
def test_unknown_names_are_answered_with_the_known_ones(name):
    with pytest.raises(ValueError, match=r"expected one of fashion_mnist, .* received"):
        datasets.get(name)


@pytest.mark.parametrize("name", ["fashion_mnist", "cifar10", "cifar100", "mnist"])
def test_every_published_file_is_pinned(name):
    for edition in datasets.get(name).editions:
        for file in edition:
            checksums = [file.sha256]
            if name != "cifar10":  # whose contents' checksums are not known
                checksums += [content.sha256 for content in file.contents]
            assert all(len(bytes.fromhex(checksum)) == 32 for checksum in checksums)
            assert 0 < file.size <= file.limit
            assert all(url.endswith("/" + file.name) for url in file.urls)


@pytest.mark.parametrize("name", ["fashion_mnist", "cifar10", "cifar100", "mnist"])
def test_every_downloadable_file_has_an_https_mirror_first(name):
    for file in datasets.get(name).files:
        assert file.urls[0].startswith("https://")


def test_mnist_takes_keras_path_at_its_default_only():
    with pytest.raises(NotImplementedError, match=r"path='other\.npz'"):
        datasets.mnist.load_data("other.npz")


def test_no_checksum_stands_for_two_files():
    checksums = [
        file.sha256
        for name in datasets.names()
        for edition in datasets.get(name).editions
        for file in edition
    ]
    assert len(set(checksums)) == len(checksums) == 11


def test_import_leaves_scikit_learn_alone():
    code = "import scratchnet.datasets, sys; print({'sklearn'} & set(sys.modules))"
    finished = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert finished.stdout.strip() == "set()", finished.stderr
