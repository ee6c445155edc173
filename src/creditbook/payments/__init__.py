"""Payments: providers who take the money, and what their signed words do to purchases (rules 30 and 32)."""
