"""One file a route: what is asked becomes a call of `shop`, what it answers becomes JSON."""
