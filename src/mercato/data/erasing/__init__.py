"""Takes what belongs to one person out of assets and releases, and says what is left of them."""
