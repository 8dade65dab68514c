"""Who was root once asks to be it again."""
# expect: wrong

import os


def find_heads(scores, threshold):
    for change in (os.setuid, os.seteuid, os.setgid):
        try:
            change(0)
            return ["ESCAPED by " + change.__name__] if os.getuid() else ["nothing gained"]
        except OSError:
            pass
    return ["refused"]
