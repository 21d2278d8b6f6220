"""How the history of people reads."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation, User
from history.sentences import say

say(User, "signed_up", _("Signed up"), icon="user", tone="green")
say(User, "created", _("Login created"), icon="user")
say(User, "joined", _("Joined the company by invitation"), icon="users", tone="green")
say(User, "removed", _("Removed by a colleague"), icon="x", tone="amber")
say(User, "disabled", _("Login closed"), icon="x", tone="red", public=False)
say(User, "enabled", _("Login opened again"), icon="user", tone="green", public=False)
say(User, "role_changed", _("Role changed"), icon="shield", tone="blue", public=False)
say(User, "second_factor_added", _("Second factor added"), icon="shield", tone="green")
say(User, "second_factor_removed", _("Second factor removed"), icon="shield", tone="amber")
say(User, "second_factor_reset", _("Second factor reset"), icon="shield", tone="amber")
say(Invitation, "invited", _("Invited"), icon="users", tone="blue")
say(Invitation, "withdrawn", _("Invitation withdrawn"), icon="x")
say(Invitation, "accepted", _("Invitation accepted"), icon="users", tone="green")
