from __future__ import annotations

from creditbook.store.scratch import Scratch


def test_equal_digests_are_counted_apart() -> None:
    with Scratch() as scratch:
        assert [scratch.seen_before(digest) for digest in (b"a", b"b", b"a", b"a")] == [0, 0, 1, 2]


def test_rows_come_back_by_time_and_then_by_place() -> None:
    with Scratch() as scratch:
        scratch.spool([(5, 1, b"second"), (9, 2, b"fourth"), (5, 3, b"third")])
        scratch.spool([(1, 4, b"first")])
        assert list(scratch.in_order()) == [b"first", b"second", b"third", b"fourth"]
