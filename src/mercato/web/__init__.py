"""Storefront pages."""
