"""Exercises of the notebook effective_ranks."""

EXERCISES = ()
