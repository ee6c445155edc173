"""Alembic migrations and what they share. A migration says what the schema became; tables/ says what it is."""
