"""The one table of pages: where each is, what it is called, and whom it is for.

Addresses are flat and unique (Streamlit knows no nested ones). The gate binds every address here to the sign-in screen
for visitors who are not signed in, so that a deep link survives signing in. Adding a page is adding a line.
"""

from __future__ import annotations

from dataclasses import dataclass

from creditbook.access import Principal, Role


@dataclass(frozen=True, slots=True)
class Screen:
    """One page. `roles` empty means everybody; `of_account` that it shows the visitor's own account.

    `of_pool`: it shows the pool that her account draws on.
    """

    url_path: str
    file: str
    title: str
    icon: str
    section: str
    roles: tuple[Role, ...] = ()
    of_account: bool = False
    of_pool: bool = False

    def is_for(self, who: Principal) -> bool:
        """Whether this person may open the page; the page itself asks again."""
        hers = (not self.of_account or who.account_id is not None) and (not self.of_pool or who.pool_id is not None)
        return who.has(*self.roles) and hers


SCREENS: tuple[Screen, ...] = (
    Screen("overview", "account/overview.py", "Overview", "account_balance_wallet", "Account", of_account=True),
    Screen("wallets", "account/wallets.py", "Wallets", "wallet", "Account", of_account=True),
    Screen("history", "account/history.py", "History", "receipt_long", "Account", of_account=True),
    Screen("explain", "account/explain.py", "Explain", "waterfall_chart", "Account", of_account=True),
    Screen("usage", "account/usage.py", "Usage", "bar_chart", "Account", of_account=True),
    Screen("activity", "account/activity.py", "Activity", "groups", "Account", of_account=True, of_pool=True),
    Screen("plans", "account/plans.py", "Plans & packages", "storefront", "Account", of_account=True),
    Screen("statement", "account/statement.py", "Statement", "request_quote", "Account", of_account=True),
    Screen("redeem", "account/redeem.py", "Redeem", "redeem", "Account", of_account=True),
    Screen("alerts", "account/alerts.py", "Alerts", "notifications", "Account", of_account=True),
    Screen("members", "admin/members.py", "Members", "group", "Admin", roles=("admin",)),
    Screen("inbox", "admin/inbox.py", "Inbox", "inbox", "Admin", roles=("admin",)),
    Screen("grants", "admin/grants.py", "Grants", "add_card", "Admin", roles=("admin",)),
    Screen("promo-codes", "admin/promo_codes.py", "Promo codes", "sell", "Admin", roles=("admin",)),
    Screen("catalog", "admin/catalog.py", "Catalog", "storefront", "Admin", roles=("admin",)),
    Screen("resets", "admin/resets.py", "Resets", "autorenew", "Admin", roles=("admin",)),
    Screen("api-keys", "admin/api_keys.py", "API keys", "key", "Admin", roles=("admin",)),
    Screen("sources", "admin/sources.py", "Sources", "input", "Admin", roles=("admin",)),
    Screen("prices", "admin/prices.py", "Prices", "price_change", "Admin", roles=("admin", "finance")),
    Screen("audit", "admin/audit.py", "Audit", "policy", "Admin", roles=("admin",)),
    Screen("integrity", "admin/integrity.py", "Integrity", "verified", "Admin", roles=("admin", "finance")),
    Screen("finance-usage", "finance/usage.py", "Usage & cost", "query_stats", "Finance", roles=("finance", "admin")),
    Screen("costs", "finance/costs.py", "Costs & margin", "balance", "Finance", roles=("finance", "admin")),
    Screen("forecast", "finance/forecast.py", "Forecast", "online_prediction", "Finance", roles=("finance", "admin")),
    Screen("simulator", "finance/simulator.py", "Simulator", "science", "Finance", roles=("finance", "admin")),
    Screen("revenue", "finance/revenue.py", "Revenue", "payments", "Finance", roles=("finance", "admin")),
    Screen("liability", "finance/liability.py", "Liability", "account_balance", "Finance", roles=("finance", "admin")),
    Screen("close", "finance/close.py", "Close", "lock_clock", "Finance", roles=("finance", "admin")),
    Screen("reconcile", "finance/reconcile.py", "Reconcile", "compare_arrows", "Finance", roles=("finance", "admin")),
)
