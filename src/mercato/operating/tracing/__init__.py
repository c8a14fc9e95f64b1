"""From an answer that a shopper saw back to the lines of the files behind it."""
