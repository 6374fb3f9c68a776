"""The room `mixing`."""
