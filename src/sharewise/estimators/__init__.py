"""The room `estimators`."""
