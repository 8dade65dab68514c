"""The grader's side: it runs no learner code and imports no torch.

In the order in which data flows: ``remote`` gets outcomes from the worker, ``compare`` holds them against the recorded
reference (``recorded``), ``diagnose`` finds which known mistake gives the same data, ``relations`` what relates the two where
none does and ``syntax`` what the text itself shows, ``plugin`` makes a pytest check of it, ``verdicts`` adds checks up to a result.
"""
