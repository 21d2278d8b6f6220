import pytest
@pytest.mark.browser
def test_opens(live_server, page):
    page.goto(live_server.url + "/healthz/")
    assert "ok" in page.content()
@pytest.mark.browser
def test_again(live_server, page):
    page.goto(live_server.url + "/accounts/login/")
    assert page.title()
