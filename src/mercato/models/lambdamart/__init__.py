"""LambdaMART: trees that order candidates, fitted by LightGBM, served and explained without it."""
