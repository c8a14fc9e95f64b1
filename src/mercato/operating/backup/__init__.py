"""A whole shop in one file, and back."""
