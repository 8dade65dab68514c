"""``python -I -m mechgrade.worker CONTROL_FD``: the fork server, started by the grader's side."""

import sys

from mechgrade.worker.fork_server import serve

if __name__ == "__main__":
    serve(int(sys.argv[1]))
