"""Mercato: a self-hosted search and recommendation engine for shops."""

__version__ = "0.1.0"
