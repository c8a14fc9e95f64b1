"""One file a page: what it shows, as a frozen dataclass, and the function that gathers it."""
