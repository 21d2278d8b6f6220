from __future__ import annotations

import types

import pytest
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path

from accounts.access import PUBLIC, access
from accounts.checks import every_view_says_who_may_open_it


def forgotten(request):
    return HttpResponse()


@access(PUBLIC)
def declared(request):
    return HttpResponse()


def urls(*patterns) -> types.ModuleType:
    module = types.ModuleType("urls")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    return module


def test_every_address_of_the_portal_says_who_may_open_it():
    assert every_view_says_who_may_open_it(None) == []


@pytest.mark.parametrize("prefix", ["", "deep/"])
def test_a_view_without_access_fails_the_check(prefix):
    inner = urls(path("a/", forgotten), path("b/", declared))
    with override_settings(ROOT_URLCONF=urls(path(prefix, include(inner)))):
        errors = every_view_says_who_may_open_it(None)
    assert [error.id for error in errors] == ["accounts.E001"]
    assert f"/{prefix}a/" in errors[0].msg
