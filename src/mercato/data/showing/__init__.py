"""What was shown, row by row, with what came of it."""
