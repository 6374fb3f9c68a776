"""Measured targets. Each benchmark runs alone: `python -m benchmarks.sampling --json rows.json`."""
