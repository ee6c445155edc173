"""The databases that tests stand on are what they say they are."""

import psycopg
import pytest
import sqlalchemy as sa


@pytest.mark.postgres
def test_the_postgresql_of_the_tests_is_a_real_server_of_version_16_or_newer(empty_postgres_url: str) -> None:
    plain = sa.make_url(empty_postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        assert connection.info.server_version >= 160000
