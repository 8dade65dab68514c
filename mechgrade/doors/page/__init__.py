"""`mechgrade learn`: one live page on this machine.

``live`` grades what is saved and remembers it, ``server`` shows it, ``gate`` says who may see it, ``place`` is where it is found again.
"""
