"""Experiments of a shop: how they are defined and kept, and what an arm changes of an answer."""
