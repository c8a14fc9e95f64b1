"""Words that stand for each other: what a synonym is, and the files it comes from."""
