"""Exercises of the notebook double_descent."""

EXERCISES = ()
