"""Every table, a module per noun. `base.metadata` is complete once this package is imported."""

from importlib import import_module
from pkgutil import iter_modules

from .base import metadata

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["metadata"]
