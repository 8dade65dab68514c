"""What is wrong with a file of a model or of an autoencoder, in a sentence that names the file: told without the libraries that load it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

#: The longest header of a safetensors file, by its format.
_HEADER = 100_000_000


def wrong_json(path: Path) -> str:
    """What keeps a file from being a JSON object, in words; empty where it is one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        return f"{path} is no text in UTF-8"
    except json.JSONDecodeError as error:
        return f"{path} is damaged: it is no JSON at line {error.lineno} ({error.msg})"
    return "" if isinstance(found, dict) else f"{path} is damaged: it is no JSON object"


def shapes(path: Path) -> Mapping[str, tuple[int, ...]]:
    """The shapes of the tensors in a safetensors file, by their names: read from its header alone.

    Raises:
        ValueError: it is no such file; the text says so.
        OSError: it cannot be read.
    """
    damaged = ValueError(f"{path} is damaged: it is no safetensors file")
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > _HEADER:
            raise damaged
        try:
            header = json.loads(file.read(length))
            return {name: tuple(map(int, about["shape"])) for name, about in header.items() if name != "__metadata__"}
        except (ValueError, TypeError, KeyError, AttributeError):
            raise damaged from None
