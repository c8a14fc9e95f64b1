"""Experiments: who sees what, what it did, and when that may be said."""
