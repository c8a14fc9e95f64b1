"""How networks learn, whatever they are: the loop, its checkpoints, its cost, and what it tells.

Nothing here is imported by what serves.
"""
