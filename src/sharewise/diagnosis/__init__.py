"""The room `diagnosis`."""
