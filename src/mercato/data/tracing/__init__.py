"""From a stored row back to the line of the file that it was read from."""
