"""Answers that several views give."""

from django.http import HttpResponseRedirect


def see_other(url: str) -> HttpResponseRedirect:
    """After a POST: 303, so that the browser asks for the page with GET whatever it sent."""
    return HttpResponseRedirect(url, status=303)
