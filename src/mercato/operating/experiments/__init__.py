"""Experiments are looked at beside requests: read, told, and stopped where they hurt."""
