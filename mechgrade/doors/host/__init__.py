"""A process that has imported what commands import, and becomes the next command by a fork: the *command host*.

In the order in which a command goes: ``client`` is what the shell starts, and imports nothing but the standard library.
``circumstances`` says what it and the host must have in common, ``talk`` how they speak. ``server`` is the host, ``imported`` what
it holds, ``child`` its fork, which becomes the command. ``leave`` leaves a host behind. None of them knows the commands.

Nothing depends on it: what a command prints, writes and returns is the same without it.
"""
