"""What the asset ``users`` says of a shopper, one file a matter, each with its definitions."""
