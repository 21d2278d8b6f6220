"""Service agreements and the scopes of repair requests."""

from scopes.models.agreement import AgreementVersion, ServiceAgreement
from scopes.models.scope import Scope, ScopeFee, ScopeLine

__all__ = ["AgreementVersion", "Scope", "ScopeFee", "ScopeLine", "ServiceAgreement"]
