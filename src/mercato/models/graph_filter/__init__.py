"""Filters over the graph of shoppers and items: the graph's low frequencies are shared tastes."""
