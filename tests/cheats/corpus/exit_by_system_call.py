"""The same below Python, and in a thread."""
# expect: crashed

import ctypes
import threading


def find_heads(scores, threshold):
    thread = threading.Thread(target=lambda: ctypes.CDLL(None)._exit(0))
    thread.start()
    thread.join()
    return []
