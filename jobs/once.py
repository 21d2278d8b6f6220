"""A form sent twice counts once (L01, L02)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest
from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused
from jobs.models import FormKey

View = Callable[..., HttpResponse]
FIELD = "form_key"
KEY_LENGTH = 64
NOT_PART_OF_THE_BODY = frozenset({FIELD, "csrfmiddlewaretoken"})


def once(view: View) -> View:
    """Run a POST once per key of its form; `{% form_key %}` puts the key there.

    Everything the view writes and the key are one transaction, so a double that comes at the same
    moment waits and then gets the first one's redirect (after a fragment: 204, nothing to swap).
    The same key with another body is refused (409). An answer of 4xx, or an exception, frees the
    key: what failed may be sent again. Without a key the view simply runs.
    Stands under `@access`; GET passes.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.POST.get(FIELD, "") if request.method == "POST" else ""
        if not key or not request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if len(key) > KEY_LENGTH:
            raise BadRequest(FIELD)
        digest = digest_of(request)
        with transaction.atomic():
            claim = _claim(request.user.pk, key, digest)
            if claim is None:
                return _answer_again(request.user.pk, key, digest)
            response = view(request, *args, **kwargs)
            _keep(claim, response)
        return response

    return guarded


def digest_of(request: HttpRequest) -> str:
    """What was sent, in 64 signs: address, fields, names and sizes of the files."""
    seal = hashlib.sha256(request.path.encode())
    sent: list[tuple[str, ...]] = [
        ("field", name, value)
        for name, values in request.POST.lists()
        if name not in NOT_PART_OF_THE_BODY
        for value in values
    ]
    sent += [
        ("file", name, str(file.name), str(file.size))
        for name, files in request.FILES.lists()
        for file in files
    ]
    # Lengths in front: two fields can never be read as one.
    for item in sorted(sent):
        for part in item:
            raw = part.encode(errors="surrogatepass")
            seal.update(b"%d:%b" % (len(raw), raw))
    return seal.hexdigest()


def _claim(user_pk: int, key: str, digest: str) -> FormKey | None:
    """Insert the key; None when it is taken. PostgreSQL waits here for a double in progress."""
    try:
        with transaction.atomic():
            return FormKey.objects.create(user_id=user_pk, key=key, digest=digest)
    except IntegrityError:
        return None
    except OperationalError as error:  # the first one still runs after lock_timeout
        raise Refused(_("Your form is still being worked on. Please look again soon.")) from error


def _answer_again(user_pk: int, key: str, digest: str) -> HttpResponse:
    first = FormKey.objects.get(user_id=user_pk, key=key)
    if first.digest != digest:
        raise Refused(
            _("This form was already sent with other content. Open the page again to send more.")
        )
    if not first.location:
        return HttpResponse(status=204)
    return HttpResponseRedirect(first.location, status=303)


def _keep(claim: FormKey, response: HttpResponse) -> None:
    if response.status_code >= 400:
        claim.delete()
        return
    location = response.get("Location", "")
    if location:
        claim.location = location
        claim.save(update_fields=["location"])
