"""The operations that networks are made of, done by torch when learning, written as ONNX to serve.

A network states its formula once, over these; so what is learned and what is served cannot differ.
"""

from typing import Any, Protocol

Value = Any
"""A tensor of torch, or the name of one in an ONNX graph."""


class Operations(Protocol):
    """All broadcast as numpy does. ``n`` is the number of rows."""

    def weight(self, name: str) -> Value:
        """A learned array."""

    def pick(self, table: str, at: Value) -> Value:
        """(…, d) rows of the learned array (m, d) at integers (…)."""

    def linear(self, value: Value, name: str) -> Value:
        """value @ weight ``name.weight`` (inputs, outputs) + ``name.bias`` (outputs,)."""

    def add(self, left: Value, right: Value) -> Value: ...
    def subtract(self, left: Value, right: Value) -> Value: ...
    def multiply(self, left: Value, right: Value) -> Value: ...
    def relu(self, value: Value) -> Value: ...
    def exp(self, value: Value) -> Value: ...
    def log(self, value: Value) -> Value: ...

    def negative(self, value: Value) -> Value: ...

    def total(self, value: Value, axis: int) -> Value:
        """The sum over an axis, which stays with length 1."""

    def flat(self, value: Value) -> Value:
        """(n, a * b) of (n, a, b)."""

    def join(self, values: list[Value]) -> Value:
        """Along the last axis."""

    def drop(self, value: Value) -> Value:
        """Some of it left out at random while learning (Srivastava et al. 2014,
        https://jmlr.org/papers/v15/srivastava14a.html)."""


def layers(operations: Operations, value: Value, name: str, n: int) -> Value:
    """``n`` linear layers named ``name.0``…, each rectified and dropped out of."""
    for number in range(n):
        value = operations.relu(operations.linear(value, f"{name}.{number}"))
        value = operations.drop(value)
    return value
