"""One use case a file: search, suggest, shelf, accept events, change an item."""
