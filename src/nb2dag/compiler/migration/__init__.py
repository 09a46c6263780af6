"""Migrate notebooks that are tagged for other systems."""
