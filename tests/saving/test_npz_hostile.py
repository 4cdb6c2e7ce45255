"""Files that are damaged or made to harm: `CheckpointError`, soon, and no more."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import load_all
from stand_ins import make_model

from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import load_weights, npz, save_weights, signed_npz

Members = list[tuple[str, bytes]]
SEED = 20240607


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "good.npz"
    save_weights(make_model(0), path)
    return path


# Damage


def test_every_flipped_bit_is_detected(good):
    content = good.read_bytes()
    rng = np.random.default_rng(SEED)
    flipped = {}
    for bit in rng.choice(8 * len(content), 300, replace=False):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << (bit % 8)
        flipped[f"bit_{bit}"] = bytes(damaged)
    messages = load_all(good, flipped, "flips")
    assert all(messages.values()), f"seed {SEED}"


def test_every_truncation_is_detected(good):
    content = good.read_bytes()
    lengths = np.random.default_rng(SEED).integers(0, len(content), 100)
    cut = {f"length_{length}": content[:length] for length in lengths}
    messages = load_all(good, cut, "cuts")
    assert all(messages.values()), f"seed {SEED}"


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Change up to four places: overwrite, insert, delete, repeat, or a new number."""
    changed = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        at = int(rng.integers(len(changed)))
        length = int(rng.integers(1, 40))
        match rng.integers(5):
            case 0:
                changed[at : at + length] = rng.bytes(length)
            case 1:
                changed[at:at] = rng.bytes(length)
            case 2:
                del changed[at : at + length]
            case 3:
                changed[at:at] = changed[at : at + length]
            case 4:
                number = int(rng.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]))
                changed[at : at + 4] = struct.pack("<I", number)
    return bytes(changed)


def test_mutants_load_right_or_are_refused(good):
    content = good.read_bytes()
    rng = np.random.default_rng(SEED)
    mutants = {}
    for i in range(500):
        mutant = mutate(content, rng)
        # Every second one gets a right checksum, or only the checksum would be tested.
        mutants[f"mutant_{i}"] = signed_npz.sign(mutant) if i % 2 else mutant
    messages = load_all(good, mutants, "mutants")
    beyond_checksum = [text for text in messages.values() if "SHA-256" not in text]
    assert len(list(filter(None, beyond_checksum))) > 100, f"seed {SEED}"


# Made by hand


def members_of(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def pack(members: Members, change: Callable[[zipfile.ZipInfo], None] | None = None):
    """Zip members and sign the archive, as `signed_npz.encode` does."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for position, (name, content) in enumerate(members):
            member = zipfile.ZipInfo(name)
            if change and position == 1:
                change(member)
            archive.NameToInfo.pop(name, None)  # or a second one would be warned of
            archive.writestr(member, content)
        archive.comment = signed_npz.COMMENT
    return signed_npz.sign(buffer.getvalue())


def with_metadata(members: Members, **changes: Any) -> bytes:
    metadata = {**json.loads(members[0][1]), **changes}
    return with_json(members, json.dumps(metadata).encode())


def with_json(members: Members, content: bytes) -> bytes:
    return pack([(npz.METADATA, content), *members[1:]])


def with_header(members: Members, header: str, values: bytes = b"\0" * 72) -> bytes:
    """Replace the first array by one with another header."""
    text = header.encode() + b"\n"
    array = b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + values
    return with_array(members, array)


def with_array(members: Members, array: bytes) -> bytes:
    return pack([members[0], (members[1][0], array), *members[2:]])


def patched(content: bytes, marker: bytes, offset: int, new: bytes) -> bytes:
    """Overwrite bytes of the record of conv2d/kernel.npy that starts with marker."""
    at = content.index(b"conv2d/kernel.npy")
    if marker == b"PK\1\2":
        at = content.rindex(b"conv2d/kernel.npy")
    at = content.rindex(marker, 0, at) + offset
    return signed_npz.sign(content[:at] + new + content[at + len(new) :])


def with_hidden_bytes(content: bytes) -> bytes:
    """Put bytes that belong to no member before the archive's directory."""
    hidden = b"#!/bin/sh\n"
    directory = content.index(b"PK\1\2")
    content = content[:directory] + hidden + content[directory:]
    at = len(content) - len(signed_npz.COMMENT) - 6
    offset = struct.pack("<I", directory + len(hidden))
    return signed_npz.sign(content[:at] + offset + content[at + 4 :])


def deflate(member: zipfile.ZipInfo) -> None:
    member.compress_type = zipfile.ZIP_DEFLATED


def add_extra(member: zipfile.ZipInfo) -> None:
    member.extra = struct.pack("<HH4s", 0xCAFE, 4, b"more")


def add_comment(member: zipfile.ZipInfo) -> None:
    member.comment = b"more"


def header(descr: str = "'<f4'", order: str = "False", shape: str = "(3, 3, 1, 2)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


class Gadget:
    """Makes a folder if it is ever unpickled."""

    def __reduce__(self):
        return os.mkdir, ("/tmp/scratchnet_gadget_ran",)


def handmade(content: bytes) -> dict[str, tuple[bytes, str]]:
    """Name → (file, what its message must say)."""
    members = members_of(content)
    layers = json.loads(members[0][1])["layers"]
    swapped = [members[0], members[2], members[1], *members[3:]]
    kernel = members[1][1]
    bomb = [members[0], (members[1][0], bytes(128 << 20)), *members[2:]]
    pickled = pickle.dumps(Gadget())
    objects = b"\x93NUMPY\1\0" + struct.pack("<H", 62)
    objects += header("'|O'", shape="(1,)").ljust(61).encode() + b"\n" + pickled
    too_long = f"more than {npz.METADATA_LIMIT}"
    sizes = "account for"
    not_ours, not_stored = "not written by scratchnet", "plainly stored"
    zip_error = "damaged, or no file of scratchnet"
    malformed, another = "malformed", "another model"
    arrays, array = "expected the arrays of its metadata", "expected the array"
    return {
        "empty": (b"", not_ours),
        "comment_alone": (signed_npz.COMMENT, not_ours),
        "text": (b"kernel,bias\n1,2\n" * 20, not_ours),
        "pickle": (pickled, not_ours),
        "unsigned": (content[:-64] + b"0" * 64, "SHA-256 is"),
        "one_byte_short": (content[:-1], not_ours),
        "one_byte_more": (content + b"\0", not_ours),
        "one_byte_more_signed": (signed_npz.sign(content + b"\0" * 64), not_ours),
        "bytes_before": (signed_npz.sign(b"#!/bin/sh\n" + content), not_stored),
        "no_members": (pack([]), "as its first member, found"),
        "deflated": (pack(members, deflate), not_stored),
        "bomb": (pack(bomb, deflate), not_stored),
        "extra_field": (pack(members, add_extra), not_stored),
        "member_comment": (pack(members, add_comment), sizes),
        "extra_field_last": (pack(members[:2], add_extra), sizes),
        "hidden_bytes": (with_hidden_bytes(content), sizes),
        "encrypted": (patched(content, b"PK\1\2", 8, b"\1\0"), not_stored),
        "size_lies": (patched(content, b"PK\1\2", 24, b"\xff" * 4), not_stored),
        "both_sizes_lie": (patched(content, b"PK\1\2", 20, b"\xfe" * 8), not_stored),
        "offset_lies": (patched(content, b"PK\1\2", 42, b"\0" * 4), not_stored),
        "local_name_lies": (patched(content, b"PK\3\4", 30, b"denser"), zip_error),
        "local_extra_lies": (patched(content, b"PK\3\4", 28, b"\1\0"), zip_error),
        "crc_lies": (patched(content, b"PK\1\2", 16, b"\0" * 4), zip_error),
        "twice_the_same": (pack([*members, members[1]]), arrays),
        "unknown_member": (pack([*members, ("evil.npy", kernel)]), arrays),
        "path_out": (pack([*members, ("../../evil.npy", kernel)]), arrays),
        "missing_member": (pack(members[:-1]), arrays),
        "swapped_members": (pack(swapped), arrays),
        "metadata_last": (pack([*members[1:], members[0]]), "as its first member"),
        "metadata_not_json": (with_json(members, b"{layers}"), zip_error),
        "metadata_not_utf8": (with_json(members, b"\xff\xfe"), zip_error),
        "metadata_too_long": (
            with_json(members, b" " * (npz.METADATA_LIMIT + 1)),
            too_long,
        ),
        "metadata_nan": (with_metadata(members, model=float("nan")), "NaN is not JSON"),
        "metadata_deep": (with_json(members, b"[" * 500_000), zip_error),
        "metadata_digits": (with_json(members, b"9" * 500_000), zip_error),
        "metadata_key_twice": (
            with_json(members, members[0][1].replace(b"{", b'{"format": 1, ', 1)),
            "a key occurs twice",
        ),
        "metadata_list": (with_json(members, b"[]"), "does not describe"),
        "metadata_unknown_entry": (with_metadata(members, code="x"), r"\['code'\]"),
        "format_other": (with_metadata(members, format="zip"), "does not describe"),
        "version_2": (with_metadata(members, format_version=2), "has version 2"),
        "version_true": (with_metadata(members, format_version=True), "version True"),
        "layers_number": (with_metadata(members, layers=5), "not a list"),
        "layers_of_numbers": (with_metadata(members, layers=[1] * 5), malformed),
        "layers_repeated": (with_metadata(members, layers=layers * 300), another),
        "layers_fewer": (with_metadata(members, layers=layers[:-1]), another),
        "layer_with_more": (
            with_metadata(members, layers=[{**layers[0], "code": ""}, *layers[1:]]),
            malformed,
        ),
        "layer_shape_lies": (
            with_json(members, members[0][1].replace(b"[8, 4]", b"[1099511627776]")),
            "expected weights kernel",
        ),
        "layer_name_long": (
            with_metadata(
                members, layers=[{**layers[0], "class": "x" * 10**6}, *layers[1:]]
            ),
            another,
        ),
        "array_empty": (with_array(members, b""), array),
        "array_other_magic": (with_array(members, b"\0" + kernel[1:]), array),
        "array_version_2": (
            with_array(members, kernel[:6] + b"\2" + kernel[7:]),
            array,
        ),
        "array_header_beyond_end": (
            with_array(members, kernel[:8] + b"\xff\xff" + kernel[10:]),
            array,
        ),
        "array_of_objects": (with_array(members, objects), array),
        "array_float64": (with_header(members, header("'<f8'")), array),
        "array_big_endian": (with_header(members, header("'>f4'")), array),
        "array_structured": (with_header(members, header("[('a', '<f4')]")), array),
        "array_fortran": (with_header(members, header(order="True")), array),
        "array_huge": (with_header(members, header(shape="(1099511627776,)")), array),
        "array_negative": (with_header(members, header(shape="(-3, -3, 1, 2)")), array),
        "array_code": (with_header(members, "__import__('os').mkdir('/tmp/x')"), array),
        "array_short": (with_header(members, header(), b"\0" * 71), "72 bytes"),
        "array_long": (with_header(members, header(), b"\0" * 76), "found 76"),
    }


def test_handmade_files_are_refused_for_the_right_reason(good):
    cases = handmade(good.read_bytes())
    messages = load_all(good, {name: case[0] for name, case in cases.items()}, "hand")
    for name, (_, reason) in cases.items():
        assert messages[name], f"{name} was loaded"
        assert re.search(reason, messages[name]), (name, messages[name])
    assert not os.path.exists("/tmp/scratchnet_gadget_ran")


def test_the_tools_of_this_file_make_good_files_too(good):
    content = good.read_bytes()
    members = members_of(content)
    assert pack(members) == content
    assert signed_npz.sign(content) == content
    assert with_header(members, header(), members[1][1][-72:]) != content
    messages = load_all(
        good,
        {
            "same": with_metadata(members),
            "header": with_header(members, header(), members[1][1][-72:]),
        },
        "tools",
    )
    assert list(messages.values()) == ["", ""]


def test_a_folder_a_pipe_and_nothing_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "folder.npz").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(CheckpointError, match="expected a file"):
            load_weights(make_model(1), tmp_path / f"{name}.npz")
    with pytest.raises(CheckpointError, match=r"absent\.npz: no such file"):
        load_weights(make_model(1), tmp_path / "absent.npz")


def test_an_unreadable_file_is_refused(good, tmp_path, monkeypatch):
    def denied(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(signed_npz, "open", denied, raising=False)
    with pytest.raises(CheckpointError, match="can't be read: Permission denied"):
        load_weights(make_model(1), good)
