"""What a learner does with one exercise besides grading it: try, debug, look at the reference."""
