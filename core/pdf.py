"""PDF from the same templates as pages: one HTML, two ways to read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.encoding import iri_to_uri
from django.utils.http import content_disposition_header

PAPER = Path(__file__).with_name("paper.css")  # the look of every paper; pages never load it


def render_pdf(template: str, context: dict[str, Any]) -> bytes:
    """The template as PDF, in the active language.

    Pictures come as `data:` addresses: nothing is fetched.

    Takes about 0.2 s; the library is loaded with the first document of a process (1 s).
    """
    import weasyprint
    from weasyprint.urls import URLFetcher

    html = render_to_string(template, context)
    document = weasyprint.HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=["data"]))
    made: bytes = document.write_pdf(stylesheets=[weasyprint.CSS(string=PAPER.read_text())])
    return made


def pdf_response(data: bytes, name: str) -> HttpResponse:
    """A PDF to keep; the name may hold any letters."""
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = iri_to_uri(content_disposition_header(True, name))
    return response
