"""Networks that read a shopper's items and tell the next one: one file an encoder of the history,
two for what an item's vector is made of; one task, one loop, one way to be served.

`model` is what others use. `task`, `learned` and the encoders need torch; `fitted` serves without.
"""
