"""It reports its own end as the worker does."""
# expect: wrong or crashed or raised
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    forge({"status": 0, "max_rss_kb": 1, "cpu_seconds": 0.0})
    os._exit(0)
