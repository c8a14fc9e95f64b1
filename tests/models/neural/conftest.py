"""What networks learn needs the extra ``train``."""

import importlib.util

if importlib.util.find_spec("torch") is None:
    learned = ("engine", "checkpoint", "dropout", "processes", "search")
    collect_ignore = [f"test_{each}.py" for each in learned]
