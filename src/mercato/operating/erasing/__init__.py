"""Erasing a shopper everywhere: what goes at once, what follows, and the receipt."""
