import pytest

from accounts.templatetags.people import device_name

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.once
@pytest.mark.parametrize(
    ("says", "name"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {KIT} Chrome/156.0 Safari/537.36", "Chrome on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0) {KIT} Chrome/1 Safari/5 Edg/1", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:1) Firefox/1", "Firefox on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Safari/6", "Safari on iPhone"),
        (f"Mozilla/5.0 (Linux; Android 15) {KIT} Chrome/1 Safari/5", "Chrome on Android"),
        ("curl/8.5", "curl/8.5"),
        ("", "Unknown"),
    ],
)
def test_a_browser_is_named_as_people_call_it(says, name):
    assert device_name(says) == name
