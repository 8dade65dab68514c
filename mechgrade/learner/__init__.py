"""What surrounds a learner's grading: progress, the course map, the demonstration, the debugger, the check of the machine."""
