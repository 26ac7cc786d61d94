"""Benign overfitting: when a model that fits noise exactly still predicts well."""
