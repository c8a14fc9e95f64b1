"""Cleaning that is declared: every step that an import may take, one file each."""
