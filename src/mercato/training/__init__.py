"""Tables → a release: fit, tune, export, evaluate what `shop` serves, publish."""
