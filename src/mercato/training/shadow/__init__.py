"""A release that is not published yet, asked what the published one is asked."""
