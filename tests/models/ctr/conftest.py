"""Tests of what torch learns need the extra ``train``."""

import importlib.util

if importlib.util.find_spec("torch") is None:
    collect_ignore = ["test_descent.py"]
