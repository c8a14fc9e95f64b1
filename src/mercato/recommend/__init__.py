"""Shopper and placement → ordered items. Pure: context in, answer out."""
