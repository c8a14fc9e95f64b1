"""Products in memory: columns, filters, facets, text and vectors, the overlay of changes."""
