"""What `creditbook …` can do: a module per group of commands, put together by `creditbook.cli`."""
