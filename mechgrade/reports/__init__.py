"""A result, told: in the terminal, and as files for other programs."""
