"""The vocabulary all rooms share: columns, errors, settings. Imports nothing of ours."""
