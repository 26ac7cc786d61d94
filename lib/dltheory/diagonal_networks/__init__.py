"""Diagonal linear networks: how the size of the initialisation selects the interpolator."""
