"""One page a file: its context, and the forms that it sends."""
