"""Exercises that explain the mistake: one file per notebook, all checked by one engine.

>>> from course_lib.exercises import activation_functions as ex
>>> ex.leaky_relu.check(leaky_relu)
"""
