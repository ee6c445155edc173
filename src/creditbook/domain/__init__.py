"""The law of the ledger on plain values: standard library only, no I/O, time is handed in.

Read in this order: `errors`, `program` (what an organization decided), `state` (what is there now), `operations` (what
a caller asks), `decide` (one operation against one book), `spending` with `limits` and `burning` (the commonest verb),
`settling` and `resets` (what time does), then the other verbs: `holding`, `debts`, `granting`, `refunding`, `accounts`.
`journal` is what a decision writes, `balance` what an account has, `invariants` what always holds.
"""
