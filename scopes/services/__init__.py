"""Repair requests, their scope and fees; service agreements."""

from scopes.services.fees import fees_of

__all__ = ["fees_of"]
