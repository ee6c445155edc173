"""Parquet: money as decimals, instants in UTC, a row group at a time."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .tables import Column, Table

GROUP = 20_000


def write(table: Table, path: Path) -> None:
    """Write the rows; facts about them stand in the file's own metadata."""
    facts = {"title": table.title, **dict(table.facts)}
    schema = pa.schema([pa.field(one.name, _type(one)) for one in table.columns], metadata=facts)
    rows = iter(table.rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(rows, GROUP)):
            columns = [
                pa.array(list(values), field.type)
                for values, field in zip(zip(*group, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _type(column: Column) -> Any:
    match column.kind:
        case "whole" | "id":
            return pa.int64()
        case "money":
            return pa.decimal128(38, column.digits)
        case "decimal":
            return pa.decimal128(38, 18)
        case "day":
            return pa.date32()
        case "instant":
            return pa.timestamp("us", tz="UTC")
        case "flag":
            return pa.bool_()
        case "text":
            return pa.string()
