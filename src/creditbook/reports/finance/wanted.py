"""What every page of finance asks by: days of the organization, names, and which of its dates."""

from creditbook.store.finance.wanted import NAMED, Basis, Dimension, Named, Wanted

__all__ = ["NAMED", "Basis", "Dimension", "Named", "Wanted"]
