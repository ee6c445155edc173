"""Usage in from outside: files read row by row, mapped, checked, and booked under keys that make twice once."""
