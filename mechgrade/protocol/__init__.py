"""What crosses the boundary between the grader's side and the learner's: wire format, job, limits, outcome. It imports nothing of ours."""
