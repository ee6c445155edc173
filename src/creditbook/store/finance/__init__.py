"""SQL of finance: rollups first, the transactions beneath them by keyset."""
