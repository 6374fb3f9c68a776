"""The room `objectives`."""
