"""Shoppers and items as vectors that are passed along the graph of who met what.

`model` is what others use. `task` and `learned` need torch; `fitted` serves without.
"""
