"""The room `evidence`."""
