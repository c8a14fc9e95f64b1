"""Rules that flag rows of whole tables, one file a theme; they name, and change nothing."""
