"""Single keys from a terminal, without Return; nothing where the input is no terminal."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import threading
from collections.abc import Callable, Iterator

from mechgrade.doors.watch.events import Event, Key

#: What arrows and function keys send: none of ours, and not to be read as the letters in it.
_SEQUENCE = re.compile(r"\x1b(\[[0-9;]*[A-Za-z~]|O.|.|$)")


def is_terminal() -> bool:
    """Whether keys can be read and the screen be painted."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


@contextlib.contextmanager
def keys(tell: Callable[[Event], None]) -> Iterator[None]:
    """Report each key from a thread, and leave the terminal as it was at the end."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    stop_reading, stop = os.pipe()

    def read() -> None:
        while True:
            ready, _, _ = select.select([terminal, stop_reading], [], [])
            if stop_reading in ready:
                return
            try:
                text = os.read(terminal, 64).decode(errors="ignore")
            except OSError:  # the terminal was closed
                text = ""
            for key in _SEQUENCE.sub("", text) if text else [""]:
                tell(Key(key))
            if not text:
                return

    thread = threading.Thread(target=read, name="keys", daemon=True)
    try:
        # Not raw: Ctrl-C still interrupts, and what is printed still begins at the left.
        tty.setcbreak(terminal, termios.TCSANOW)
        thread.start()
        yield
    finally:
        os.write(stop, b"x")
        thread.join(5)
        os.close(stop)
        os.close(stop_reading)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSANOW, before)
