"""``python -m mechgrade.cli``: the command without its script."""

from mechgrade.cli import main

main()
