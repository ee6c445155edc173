"""`python -m creditbook …` is `creditbook …`."""

from creditbook.cli import main

main()
