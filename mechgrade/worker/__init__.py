"""The learner's side: the process that runs a scenario on a learner's code and returns data.

``__main__`` starts the zygote, ``zygote`` forks it for every exercise, ``supervisor`` stands between the grader and the
learner's process, ``runner`` runs scenarios there, ``exercise`` is the learner's module as a scenario sees it,
``outgoing`` turns what comes back into plain data, ``sandbox`` shuts the process in.
"""
