"""Links that lead out of docs/ into the repository, as text: the site holds no such page, and its check for dead links is strict."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """``[Contributing](../CONTRIBUTING.md)`` becomes *Contributing* (`CONTRIBUTING.md` in the repository)."""
    depth = len(PurePosixPath(page.file.src_uri).parent.parts)

    def text(found: re.Match[str]) -> str:
        ups = found[2].count("../")
        if ups <= depth:
            return found[0]  # still inside docs/
        name = found[2].replace("../", "")
        return f"*{found[1]}* (`{name}`)" if found[1].strip("`") != name else f"`{name}`"

    return _LINK.sub(text, markdown)
