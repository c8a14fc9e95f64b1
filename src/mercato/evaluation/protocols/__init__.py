"""Published protocols, one a file: what is learned from, what is asked, what counts as found."""
