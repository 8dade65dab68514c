"""``python -m mechgrade.doors.cli``: the command without its script."""

from mechgrade.doors.cli import main

main()
