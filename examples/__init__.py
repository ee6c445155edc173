"""Small applications on the ledger, one per way of charging."""
