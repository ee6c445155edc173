"""The programs that ship, as TOML, and how a program is read, checked and written down."""
