"""Versions of assets: what each holds, how two differ, which may go."""
