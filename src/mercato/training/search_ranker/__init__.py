"""Learning to order what searches find, from judgments or clicks."""
