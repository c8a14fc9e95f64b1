"""Metrics, intervals, protocols. Knows arrays, never models."""
