"""Policies that learn while they are shown, each with the chance of what it shows."""
