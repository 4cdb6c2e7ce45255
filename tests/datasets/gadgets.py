"""Pickles made to harm: run code, open files, or eat memory.

Every payload of `executing` really does its work under Python's own unpickler; a test
makes sure of that, so that the other tests mean something.
"""

from __future__ import annotations

import struct


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _stack_global(module: str, name: str) -> bytes:
    return _text(module) + _text(name) + b"\x93"


def executing(marker: str) -> dict[str, bytes]:
    """Payloads that make the marker file when Python's unpickler reads them."""
    code = f"open({marker!r}, 'w').close()"
    shell = f"touch {marker}"
    targets = {
        "os.system": ("os", "system", _text(shell)),
        "posix.system": ("posix", "system", _text(shell)),
        "eval": ("builtins", "eval", _text(code)),
        "exec": ("builtins", "exec", _text(code)),
        "open": ("builtins", "open", _text(marker) + _text("w")),
        "os.popen": ("os", "popen", _text(shell)),
        "subprocess.call": ("subprocess", "getoutput", _text(shell)),
        "pathlib": ("pathlib", "Path.touch", None),
        "numpy.runstring": (
            "numpy.testing._private.utils",
            "runstring",
            _text(code) + b"}",
        ),
    }
    payloads = {}
    for label, (module, name, arguments) in targets.items():
        if arguments is None:
            path = _global("pathlib", "Path") + _text(marker) + b"\x85R"
            call = _stack_global(module, name) + path + b"\x85R."
            payloads[f"{label}/reduce"] = b"\x80\x04" + call
            continue
        tuple_ = b"(" + arguments + b"t"
        called = _global(module, name) + tuple_ + b"R"
        payloads[f"{label}/reduce"] = b"\x80\x02" + called + b"."
        payloads[f"{label}/stack_global"] = (
            b"\x80\x04" + _stack_global(module, name) + tuple_ + b"R."
        )
        payloads[f"{label}/inst"] = b"(" + arguments + f"i{module}\n{name}\n.".encode()
        payloads[f"{label}/obj"] = (
            b"\x80\x02(" + _global(module, name) + arguments + b"o."
        )
        payloads[f"{label}/in a value"] = (
            b"\x80\x02}(" + _text("data") + called + _text("x") + b"Nu."
        )
    return payloads


def others(marker: str) -> dict[str, bytes]:
    """Payloads that would do harm some other way, or that no CIFAR file contains."""
    reconstruct = _global("numpy.core.multiarray", "_reconstruct")
    ndarray = _global("numpy", "ndarray")
    dtype = _global("numpy", "dtype")
    system = _global("os", "system")
    u1 = dtype + _text("u1") + b"\x85R"
    array = reconstruct + ndarray + b"K\x00\x85" + b"U\x01b" + b"\x87R"
    shell = _text(f"touch {marker}")
    nested = b"\x80\x02)" + b"q\x00h\x00\x86" * 60
    return {
        # code by other opcodes
        "newobj": b"\x80\x02" + system + shell + b"\x85\x81.",
        "newobj_ex": b"\x80\x04" + system + shell + b"\x85}\x92.",
        "ext1": b"\x80\x02\x82\x01.",
        "ext2": b"\x80\x02\x83\x01\x00.",
        "ext4": b"\x80\x02\x84\x01\x00\x00\x00.",
        "persid": b"Pos.system\n.",
        "binpersid": b"\x80\x02" + shell + b"Q.",
        "next_buffer": b"\x80\x05\x97.",
        "readonly_buffer": b"\x80\x05C\x00\x98.",
        "getattr": b"\x80\x02" + _global("builtins", "getattr") + b"Nq\x00\x86R.",
        "nested name": b"\x80\x04" + _stack_global("numpy", "ndarray.tofile") + b".",
        "nested module": b"\x80\x04" + _stack_global("numpy.ndarray", "tofile") + b".",
        "name with a null": b"\x80\x02cnumpy\x00\nndarray\n.",
        "name with letters of another script": b"\x80\x02cnump\xd1\x83\nndarray\n.",
        "numpy.load": b"\x80\x02" + _global("numpy", "load") + shell + b"\x85R.",
        "numpy.memmap": b"\x80\x02" + _global("numpy", "memmap") + shell + b"\x85R.",
        "numpy.fromfile": b"\x80\x02" + _global("numpy", "fromfile") + b"U\x01x\x85R.",
        "codecs.encode": b"\x80\x02"
        + _global("_codecs", "encode") + b"X\0\0\0\0\x85R.",
        "numpy scalar": b"\x80\x02"
        + _global("numpy.core.multiarray", "scalar") + b")R.",
        # the permitted names, misused
        "ndarray called": b"\x80\x02" + ndarray + b"J\0\0\0\x7f\x85\x85R.",
        "reconstruct of dtype": b"\x80\x02" + reconstruct + dtype + b")U\x01b\x87R.",
        "reconstruct of text": b"\x80\x02" + reconstruct + shell + b")U\x01b\x87R.",
        "build on a class": b"\x80\x02" + ndarray + b"}" + _text("a") + shell + b"sb.",
        "build with a dictionary": b"\x80\x02" + array + b"}b.",
        "build on a dictionary": b"\x80\x02}(NNNNNtb.",
        "setstate": b"\x80\x02" + array
        + b"}" + _text("__setstate__") + system + b"sb.",
        "array of objects": b"\x80\x02" + array + b"(K\x01K\x01\x85"
        + dtype + _text("O") + b"\x85R\x89U\x01xtb.",
        "array with negative shape": b"\x80\x02" + array
        + b"(K\x01J\xff\xff\xff\xff\x85" + u1 + b"\x89U\x01xtb.",
        "array with shape as text": b"\x80\x02" + array + b"(K\x01"
        + shell + b"\x85" + u1 + b"\x89U\x01xtb.",
        "array of a list": b"\x80\x02" + array + b"(K\x01K\x01\x85" + u1 + b"\x89]tb.",
        "array without dtype": b"\x80\x02" + array + b"(K\x01K\x01\x85N\x89U\x01xtb.",
        "dtype with fields": b"\x80\x02" + u1
        + b"(K\x03U\x01|N" + shell + b"}J\xff\xff\xff\xffK\x00K\x00tb.",
        "dtype of a dtype": b"\x80\x02" + dtype + u1 + b"\x85R.",
        "too few arguments": b"\x80\x02" + dtype + b")R.",
        # lengths that are not there
        "binbytes8": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x0f.",
        "bytearray8": b"\x80\x05\x96" + b"\xff" * 7 + b"\x7f.",
        "binunicode8": b"\x80\x04\x8d" + b"\xff" * 7 + b"\x0f.",
        "binbytes": b"\x80\x03B\xff\xff\xff\xff.",
        "binstring negative": b"\x80\x02T\xff\xff\xff\xff.",
        "binstring": b"\x80\x02T\xff\xff\xff\x7f.",
        "binunicode": b"\x80\x02X\xff\xff\xff\xff.",
        "frame": b"\x80\x04\x95" + b"\xff" * 8 + b"N.",
        "long4": b"\x80\x02\x8b\xff\xff\xff\x7f.",
        "long of text": b"I" + b"9" * 100_000 + b"\n.",
        "float of text": b"F1e400\n.",
        # memory and time
        "memo index": b"\x80\x02N" + b"r\xff\xff\xff\xff0.",
        "shape without bytes": b"\x80\x02" + array
        + b"(K\x01\x8a\x08" + b"\xff" * 7 + b"\x0fK\x01\x86" + u1 + b"\x89U\x01xtb.X",
        "half a million dictionaries": b"\x80\x02(" + b"}" * 510_000 + b"t.",
        "half a million marks": b"\x80\x02" + b"(" * 510_000 + b".",
        "deep nesting": b"\x80\x02" + b"]" * 240_000 + b"a" * 239_999 + b"(.",
        "doubling tuples as a key": nested + b"}h\x00Ns.",
        "doubling tuples as a dtype": nested + b"q\x00" + dtype + b"h\x00\x85R.",
        "doubling tuples as a shape": nested + b"q\x00" + array
        + b"(K\x01h\x00" + u1 + b"\x89U\x01xtb.",
        # damaged
        "empty": b"",
        "protocol only": b"\x80\x02",
        "protocol 0 text": b"S'os'\n.",
        "protocol 6": b"\x80\x06N.",
        "stop alone": b".",
        "underflow": b"\x80\x02\x86.",
        "unknown memo": b"\x80\x02h\x07.",
        "mark below": b"\x80\x02N(\x85t.",
        "bytes after the end": b"\x80\x02N.N",
        "two values": b"\x80\x02NN.",
        "odd items": b"\x80\x02}(Nu.",
        "unhashable key": b"\x80\x02}]Ns.",
        "append to a tuple": b"\x80\x02)Na.",
    }  # fmt: skip
