"""Learning theory for deep learning: the library behind the executable course."""

__version__ = "0.1.0"
