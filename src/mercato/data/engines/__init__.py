"""What computes tables out of Ibis expressions, one file an engine.

DuckDB, in this process, is there for every question that is asked of tables; derived assets are
made by whatever `protocol.TableEngine` a shop names.
"""

from mercato.data.engines.choosing import ENGINES as ENGINES
from mercato.data.engines.choosing import open_table_engine as open_table_engine
from mercato.data.engines.duckdb import Engine as Engine
from mercato.data.engines.duckdb import open_engine as open_engine
