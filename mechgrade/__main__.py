"""``python -m mechgrade``: the command without its script."""

from mechgrade.doors.command import main

if __name__ == "__main__":
    main()
