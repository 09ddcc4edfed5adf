"""The graded problem sets: one file for each part of the course, each with its `SET`."""
