"""The report on a shop's data: one file of HTML with everything in it."""
