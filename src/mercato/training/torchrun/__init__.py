"""A network learned by several processes, which torchrun starts and starts again."""
