"""Sample organizations: months of made-up usage, shaped like real traces, played through the real ledger."""
