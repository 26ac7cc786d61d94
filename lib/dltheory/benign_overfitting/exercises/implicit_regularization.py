"""Exercises of the notebook implicit_regularization."""

EXERCISES = ()
