"""Erase: one person everywhere (`forget`), or everything that is old (`purge`). Reports are aggregates and stay."""

from segkit.erase.age import Purged, purge
from segkit.erase.forgetting import Forgotten, forget

__all__ = ["Forgotten", "Purged", "forget", "purge"]
