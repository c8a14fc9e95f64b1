"""Feeds by their address: fetched when they are due, imported when they changed.

What is fetched goes into the assets as an import does; shoppers see it with the next release.
"""
