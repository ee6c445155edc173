"""The only place that knows SQLAlchemy and SQL. Start at `engine.open_store`; the hot path is `batch`."""
