"""The instructor's kit: problem sets to hand out, and grading that loses and gives away no mark.

problems.py, sets/  the graded problem sets             intake.py     roster and LMS zip -> submitted/
notebooks.py        what is handed out                  gradebook.py  reports -> nbgrader's database
worker.py           runs a student's cells, apart       export.py     feedback, and marks as CSV
sandbox.py          starts workers, with limits         __main__.py   the commands
grading.py          a notebook in, a report out         practice.py   a made-up class

docs/teaching.md shows it all at work.
"""
