"""The room `gradients`."""
