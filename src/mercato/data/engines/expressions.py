"""What an expression means, as one checksum that is the same in every process."""

import hashlib
from collections.abc import Mapping, Set

import ibis
import pyarrow as pa
from ibis.common.graph import Node
from ibis.expr.datashape import DataShape


def checksum(table: ibis.Table) -> str:
    """Of all that the expression holds. Compiling it to SQL would say the same fifty times slower
    (measured: 3 ms, where the SQL took 150)."""
    return str(table.op().map(_node_checksum)[table.op()])


def cast(reader: pa.RecordBatchReader, schema: pa.Schema) -> pa.RecordBatchReader:
    """The same rows, batch by batch, in ``schema``."""
    parts = (pa.Table.from_batches([batch]).cast(schema).to_batches() for batch in reader)
    return pa.RecordBatchReader.from_batches(schema, (b for part in parts for b in part))


def _node_checksum(node: Node, _: object, **arguments: object) -> str:
    """Inner nodes stand in ``arguments`` as what this made of them."""
    told = f"{type(node).__name__} {_told(arguments)}"
    return hashlib.sha256(told.encode()).hexdigest()


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {_told(each)}' for name, each in value.items())}}}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_told, value))}]"
    if isinstance(value, Set):  # its order is another in each process
        return _told(sorted(map(_told, value)))
    if isinstance(value, DataShape):  # its repr tells its address
        return type(value).__name__
    return repr(value)
