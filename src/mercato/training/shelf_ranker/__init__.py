"""Rankers of shelves, learned from what shoppers bought after a moment of the past."""
