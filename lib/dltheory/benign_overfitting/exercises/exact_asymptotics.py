"""Exercises of the notebook exact_asymptotics."""

EXERCISES = ()
