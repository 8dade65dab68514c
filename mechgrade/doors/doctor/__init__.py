"""What a machine and a checkout need before a lab, looked at and explained: `mechgrade doctor`.

``machine`` and ``packages`` ask the system, ``probe`` tries torch and the bench in a process of its own (which may
hang or crash without taking the doctor with it), ``habits`` reads the learner's files, ``examine`` puts it all together.
"""
