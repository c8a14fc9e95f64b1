"""The console: what the merchant, the analyst and the engineer see of the shop, under /console."""
