"""The map in CONTRIBUTING.md is the territory: the floors that `lint-imports` holds, and every package on one of them."""

from __future__ import annotations

import re
import tomllib

from support import ROOT


def test_the_map_shows_the_floors_that_are_held() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    held = {
        name.strip().removeprefix("mechgrade."): floor
        for floor, layer in enumerate(reversed(layers))
        for name in layer.split("|")
    }
    text = (ROOT / "CONTRIBUTING.md").read_text()
    drawn = {name: int(floor) for floor, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.MULTILINE)}
    assert drawn == held
    there = {
        path.stem for path in (ROOT / "mechgrade").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert there - {"__init__"} == held.keys(), "every package stands on a floor"
