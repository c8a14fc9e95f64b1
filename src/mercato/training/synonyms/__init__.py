"""Synonyms that a shop's searches and texts speak for; a person decides on them."""
