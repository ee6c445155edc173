"""What finance asks: cost, revenue, what is owed. Frozen rows for a signed-in principal, read from rollups."""
