"""Query → ordered items. Pure: context in, answer out."""
