"""A pickle that runs a command where it is loaded."""
# expect: crashed
# levels: full

import os
import pickle


class Run:
    def __reduce__(self):
        return (os.system, ("touch /tmp/cheat-pickle",))


body = pickle.dumps(Run())
os.write(3, len(body).to_bytes(8, "big") + body)


def find_heads(scores, threshold):
    return []
