"""Render diagnostics, as text for people and as JSON for programs; nothing here knows how they were found."""
