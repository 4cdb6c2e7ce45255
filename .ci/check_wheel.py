"""Check a wheel: the whole package scratchnet in it, and nothing else."""

import sys
import zipfile
from pathlib import Path

source = Path(__file__).resolve().parent.parent
with zipfile.ZipFile(sys.argv[1]) as wheel:
    found = {name for name in wheel.namelist() if ".dist-info/" not in name}
expected = {
    path.relative_to(source).as_posix()
    for path in (source / "scratchnet").rglob("*")
    if path.suffix == ".py" or path.name == "py.typed"
}
assert "scratchnet/py.typed" in expected
missing, surplus = sorted(expected - found), sorted(found - expected)
if missing or surplus:
    sys.exit(f"{sys.argv[1]}: missing: {missing}, should not be there: {surplus}")
print(f"{Path(sys.argv[1]).name}: {len(found)} files, all of scratchnet, nothing else")
