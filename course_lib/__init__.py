"""The math of the course, the figures that show it, and the exercises that ask for it."""
