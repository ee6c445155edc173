"""What every page shares: format, page frame, charts, tables, confirm-before-write. Only this and `pages` draw."""
