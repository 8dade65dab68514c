"""Handlers that run when the process ends, when nobody looks any more."""
# expect: wrong
# lasts: perhaps

import atexit
import weakref


def last_word():
    print("passed", flush=True)
    with open("/tmp/cheat-last-word", "w") as file:
        file.write("passed")


class Dying:
    def __del__(self):
        last_word()


atexit.register(last_word)
kept = Dying()
weakref.finalize(kept, last_word)


def find_heads(scores, threshold):
    return []
