"""Read-only queries → frozen rows and small tables. Organization and account come from the signed-in principal only."""
