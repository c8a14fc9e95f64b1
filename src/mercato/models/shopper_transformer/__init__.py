"""One causal transformer over all that a shopper does.

`model` is what others use; `settings` says what it is made of. `network`, `blocks`, `losses`,
`descent` and `learned` need torch; `fitted`, `running` and `events` serve, without it.
"""
