"""The law of the ledger on plain values: standard library only, no I/O, time is handed in.

Read in this order: `errors`, `program` (what an organization decided), `state` (what is there now), `operations` (what a
caller asks), `decide` (one operation against one book), `settling` (what time does), and the verbs: `spending`, `holding`,
`granting`, `refunding`, `debts`. `journal` is what a decision writes.
"""
