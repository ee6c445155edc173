"""The environment, read into one value."""

import pytest

from creditbook.settings import Settings, SettingsError


def test_an_empty_environment_means_a_sqlite_file_under_the_working_directory() -> None:
    assert Settings.from_environment({}).database_url == "sqlite:///data/creditbook.db"


def test_a_variable_set_to_nothing_counts_as_unset() -> None:
    assert Settings.from_environment({"CREDITBOOK_DATABASE_URL": " "}) == Settings()


def test_a_public_address_behind_tls_makes_cookies_secure_unless_told_otherwise() -> None:
    behind_tls = {"CREDITBOOK_BASE_URL": "https://credits.example/"}
    assert Settings.from_environment(behind_tls).cookie_secure is True
    assert Settings.from_environment(behind_tls).base_url == "https://credits.example"
    assert Settings.from_environment(behind_tls | {"CREDITBOOK_COOKIE_SECURE": "no"}).cookie_secure is False


@pytest.mark.parametrize(
    ("variable", "value", "advice"),
    [
        ("CREDITBOOK_BASE_URL", "credits.example", "must begin with http"),
        ("CREDITBOOK_COOKIE_SECURE", "perhaps", "write true or false"),
        ("CREDITBOOK_LOG_LEVEL", "loud", "write DEBUG"),
        ("CREDITBOOK_API_RATE_LIMIT", "often", "write 100/second"),
        ("CREDITBOOK_API_RATE_LIMIT", "0/second", "write 100/second"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named_with_what_it_may_hold(variable: str, value: str, advice: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable}.*{advice}"):
        Settings.from_environment({variable: value})


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("600/minute", (600, 60)),
        ("100 / second", (100, 1)),
        ("50/10 seconds", (50, 10)),
        ("off", None),
        ("", (2000, 1)),
    ],
)
def test_the_rate_of_the_api_is_so_many_requests_in_so_many_seconds(said: str, rate: tuple[int, int] | None) -> None:
    assert Settings.from_environment({"CREDITBOOK_API_RATE_LIMIT": said}).api_rate == rate
