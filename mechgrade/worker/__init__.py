"""The learner's side: the process that runs a scenario on a learner's code and returns data.

``__main__`` starts the fork server, ``fork server`` forks for every exercise and sees how the fork ends, ``learner`` is what the fork does,
``runner`` runs scenarios there, ``exercise`` is the learner's module as a scenario sees it,
``outgoing`` turns what comes back into plain data, ``sandbox`` shuts the process in.
"""
