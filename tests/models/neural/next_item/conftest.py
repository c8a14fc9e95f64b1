"""What networks learn needs the extra ``train``."""

import importlib.util

if importlib.util.find_spec("torch") is None:
    collect_ignore = ["test_encoders.py", "test_learning_it.py"]
