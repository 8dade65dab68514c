"""What learners hand in, whatever form it has: read here into one kind of object."""
