"""One file per model: arrays in, scores out. No I/O beyond save and load."""
