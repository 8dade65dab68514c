"""A process that has imported what commands import, and becomes the next command by a fork: the *command host*.

In the order in which a command goes: ``client`` is what the shell starts, standard library only. It asks the host, and runs the
command itself where there is none. ``circumstances`` says what the two must have in common, ``talk`` how they speak. ``server``
is the host, ``imported`` what it holds. ``child`` is its fork, which becomes the command. ``leave`` leaves a host behind.

Nothing depends on it: what a command prints, writes and returns is the same without it.
"""
