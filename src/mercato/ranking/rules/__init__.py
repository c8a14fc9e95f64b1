"""Merchandising rules: what a shop's people decide over the order that was learned."""
