"""The room `grouping`."""
