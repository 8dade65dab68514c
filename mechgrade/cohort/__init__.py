"""Many submissions: graded in parallel, each exercise once, resumable at any moment.

In the order in which data flows: ``archive`` unpacks, ``learners`` finds submissions, ``keys`` says what a result depends on, ``store``
keeps results, ``run`` decides what is left to do and hands it to a executor: ``pool`` (processes here) or ``cluster`` (Dask); ``member`` is
the process that grades, ``entry`` the form in which its results travel; ``outputs`` and ``summary`` make of the store what people read.
"""
