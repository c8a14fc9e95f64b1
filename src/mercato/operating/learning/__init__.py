"""`mercato learn`: from feedback to a release that goes out, or comes back, by itself."""
