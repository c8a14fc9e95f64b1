"""What runs beside requests: the drain and the refresher."""
