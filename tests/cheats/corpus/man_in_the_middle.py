"""A thread reads the grader's requests itself and answers them; where both get a part of one, nobody answers."""
# expect: wrong or crashed or timed_out
# limits: seconds=3
# levels: full
# lasts: perhaps

import os
import socket
import threading

from mechgrade.protocol import wire


def serve():
    channel = socket.socket(fileno=os.dup(3))
    while True:
        request = wire.receive(channel)
        print(request)
        wire.send(channel, {"kind": "returned", "data": [(0, 0)]})


threading.Thread(target=serve, daemon=True).start()


def find_heads(scores, threshold):
    return []
