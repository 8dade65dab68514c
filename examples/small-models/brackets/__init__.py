"""What this course brings besides its exercises: a small model that reads brackets, and points on two moons."""
