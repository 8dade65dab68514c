"""The worker's socket shut down for sending only."""
# expect: crashed
# levels: full

import os
import socket
import time


def find_heads(scores, threshold):
    socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_WR)
    time.sleep(1000)
