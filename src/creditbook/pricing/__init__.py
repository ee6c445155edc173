"""What usage costs: model prices, exchange rates, and reading the usage out of providers' answers.

Start at `pricer.Pricer`, which freezes a cost for a transaction. `book.PriceBook` is genai-prices as whole numbers,
`rates` the arithmetic, `fx` exchange rates and their files, `extract` providers' own answers.
"""
