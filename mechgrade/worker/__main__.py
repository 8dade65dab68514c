"""``python -I -m mechgrade.worker CONTROL_FD``: the zygote, started by the grader's side."""

import sys

from mechgrade.worker.zygote import serve

if __name__ == "__main__":
    serve(int(sys.argv[1]))
