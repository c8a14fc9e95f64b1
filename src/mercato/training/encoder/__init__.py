"""Fine-tuning of the text encoder on a shop's own pairs of query and product. Needs torch."""
