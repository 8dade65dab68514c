"""Whether a dict holds what it held, seen without touching what is in it.

Python counts who refers to an object, in the object itself. So who looks at a module's functions writes into every page that one of them lies
on, and a fork, which shares these pages with its parent, has to copy each. A dict's own table has the addresses of its keys and values. As long as
the table is the same, byte for byte, no name is new, gone, or stands for something else.
"""

from __future__ import annotations

import ctypes
import sys
import sysconfig
from typing import Any

#: Where a dict (``PyDictObject``) has the addresses of its table and, where the table is shared with other dicts, of its values.
_TABLE, _VALUES = 32, 40

#: What a table begins with is the interpreter's own: who uses it, and since when.
_HEAD = 16


class Table:
    """The table of a dict, as it is now. The dict must live as long as this."""

    __slots__ = ("_at", "_before", "_now")

    def __init__(self, of: dict[Any, Any]) -> None:
        self._now = ctypes.c_size_t.from_address(id(of) + _TABLE)
        self._at = self._now.value
        self._before = ctypes.string_at(self._at + _HEAD, of.__sizeof__() - dict.__basicsize__ - _HEAD)

    def is_same(self) -> bool:
        """Whether the dict holds the same objects under the same names."""
        # A dict that has another table may have freed the old one: that is not read.
        return self._now.value == self._at and _memcmp(self._at + _HEAD, self._before, len(self._before)) == 0


def table_of(names: dict[Any, Any]) -> Table | None:
    """The table of a dict; None where it cannot be told from the memory: in another interpreter, or a dict that shares its table."""
    if not _KNOWN or not names or ctypes.c_size_t.from_address(id(names) + _VALUES).value:
        return None
    return Table(names)


#: Interpreters whose dicts are known to be of this form.
_KNOWN = (
    sys.implementation.name == "cpython"
    and (3, 11) <= sys.version_info[:2] <= (3, 13)
    and ctypes.sizeof(ctypes.c_void_p) == 8
    and dict.__basicsize__ == _VALUES + 8
    and not sysconfig.get_config_var("Py_GIL_DISABLED")
    and sys.platform == "linux"
)
if _KNOWN:
    _memcmp = ctypes.CDLL(None).memcmp
    _memcmp.argtypes = [ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
