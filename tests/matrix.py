"""Who gets what at which address: the table, and how a row of it becomes requests (Z01, D8).

Read a row as: address, the object that builds it, method, then the answer to each of

    anon  nobody signed in             shop  the engineer of the shop that repairs it
    ownr  the customer whose it is     boss  the manager of that shop
    mate  a colleague of theirs        away  engineers and managers of other shops
    othr  people of another customer   offc  finance and sales
    agnt  the agent who has it         admn  the administrator
    peer  another agent

Where an address has no row for a method it answers 405 to everybody. The posts carry what an honest
person would send (tests/posts.py), so 303 means that it was done. GET by htmx answers like GET,
except that 401 takes the place of the way to the sign-in page. Staff without their second factor
are sent away everywhere but at the addresses of WITHOUT_FACTOR.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.world import BARE, Home, World

COLUMNS = "anon ownr mate othr agnt peer shop boss away offc admn".split()
TABLE = """\
                                             anon ownr mate othr agnt peer shop boss away offc admn

[] the roof
home                   -               get    302  302  302  302  302  302  302  302  302  200  200
healthz                -               get    200  200  200  200  200  200  200  200  200  200  200
styleguide             -               get    302  403  403  403  200  200  200  200  200  200  200
search                 -               get    302  403  403  403  200  200  200  200  200  200  200
set_language           -               post   302  302  302  302  302  302  302  302  302  302  302

[accounts] accounts: people of one company
people                 -               get    302  200  200  200  403  403  403  403  403  403  200
invite                 -               post   302  303  303  303  403  403  403  403  403  403  403
invitation-withdraw    invitation      post   302  303  303  404  403  403  403  403  403  403  403
remove                 mate            get    302  200  200  404  403  403  403  403  403  403  200
remove                 mate            post   302  303  409  404  403  403  403  403  403  403  403
join                   join            get    200  200  200  200  200  200  200  200  200  200  200
join                   join            post   303  409  409  409  409  409  409  409  409  409  409
profile                -               get    302  200  200  200  200  200  200  200  200  200  200
profile                -               post   302  303  303  303  303  303  303  303  303  303  303

[devices] devices: the registry; the look-up is everybody's (E11)
lookup                 -               get    302  200  200  200  200  200  200  200  200  200  200
lookup                 -               post   302  303  303  303  303  303  303  303  303  303  303
device-list            -               get    302  200  200  200  200  200  200  200  200  403  200
device                 sn              get    302  200  200  404  200  200  200  200  200  403  200
import                 -               get    302  403  403  403  403  403  403  403  403  403  200
import                 -               post   302  403  403  403  403  403  403  403  403  403  303
import-template        -               get    302  403  403  403  403  403  403  403  403  403  200
import-again           import          post   302  403  403  403  403  403  403  403  403  403  303

[repairshops] repair shops and addresses
shop-list              -               get    302  200  200  200  200  200  200  200  200  200  200
[logistics]
address-list           -               get    302  200  200  200  403  403  403  403  403  403  200
address-new            -               get    302  200  200  200  403  403  403  403  403  403  200
address-new            -               post   302  303  303  303  403  403  403  403  403  403  403
address-edit           address         get    302  200  200  404  403  403  403  403  403  403  200
address-edit           address         post   302  303  303  404  403  403  403  403  403  403  403
address-delete         address         get    302  200  200  404  403  403  403  403  403  403  200
address-delete         address         post   302  303  303  404  403  403  403  403  403  403  403

[workorders] enquiries and the conversation
counselling-new        -               get    302  200  200  200  403  403  403  403  403  403  200
counselling-new        -               post   302  303  303  303  403  403  403  403  403  403  403
counselling            open            get    302  200  200  404  200  200  403  403  403  403  200
messages               open            get    302  200  200  404  200  200  403  403  403  403  200
message-post           open            post   302  303  303  404  303  303  403  403  403  403  403
counselling-withdraw   open            post   302  303  303  404  403  403  403  403  403  403  403
reminder-close         converted       post   302  303  303  404  403  403  403  403  403  403  403

[workorders] customer service
queue                  -               get    302  403  403  403  200  200  403  403  403  403  200
take-next              -               post   302  403  403  403  303  303  403  403  403  403  403
queue-assign           -               post   302  403  403  403  303  303  403  403  403  403  403
view-save              -               post   302  403  403  403  303  303  403  403  403  403  403
view-delete            view            post   302  403  403  403  303  404  403  403  403  403  403
counselling-behalf     -               get    302  403  403  403  200  200  403  403  403  403  200
counselling-behalf     -               post   302  403  403  403  303  303  403  403  403  403  403
sn-verdict             -               get    302  403  403  403  200  200  403  403  403  403  200
counselling-take       open            post   302  403  403  403  303  303  403  403  403  403  403
counselling-assign     open            post   302  403  403  403  303  303  403  403  403  403  403
counselling-resolve    answered        post   302  403  403  403  303  303  403  403  403  403  403
counselling-refer      open            get    302  403  403  403  200  200  403  403  403  403  200
counselling-refer      open            post   302  403  403  403  303  303  403  403  403  403  403
counselling-convert    open            get    302  403  403  403  200  200  403  403  403  403  200
counselling-convert    open            post   302  403  403  403  303  303  403  403  403  403  403
counselling-settle     finished        post   302  403  403  403  303  303  403  403  403  403  403
counselling-device     open            post   302  403  403  403  303  303  403  403  403  403  403
counselling-warranty   open            post   302  403  403  403  303  303  403  403  403  403  403
counselling-next       open            get    302  403  403  403  303  303  403  403  403  403  303
counselling-previous   open            get    302  403  403  403  303  303  403  403  403  403  303

[workorders] the workshop
bench                  -               get    302  403  403  403  403  403  200  200  200  403  200
scan                   -               get    302  403  403  403  403  403  302  302  302  403  302
receiving              -               get    302  403  403  403  403  403  200  200  200  403  200
parcel-new             -               get    302  403  403  403  403  403  200  200  200  403  200
parcel-new             -               post   302  403  403  403  403  403  303  303  303  403  403
parcel                 parcel          get    302  403  403  403  200  200  200  200  404  403  200
parcel-match           parcel          post   302  403  403  403  303  303  303  303  404  403  403
receive                code            get    302  403  403  403  403  403  200  200  404  403  200
receive-scan           code            post   302  403  403  403  403  403  303  303  404  403  403
receive-units          code            post   302  403  403  403  403  403  303  303  404  403  403
receive-missing        code            post   302  403  403  403  403  403  303  303  404  403  403
receive-unexpected     code            post   302  403  403  403  403  403  303  303  404  403  403
receive-damage         code            post   302  403  403  403  403  403  303  303  404  403  403
unit                   unit:diagnosing get    302  403  403  403  200  200  200  200  404  403  200
unit-report            unit:diagnosing post   302  403  403  403  403  403  303  303  404  403  403
unit-note              unit:diagnosing post   302  403  403  403  403  403  303  303  404  403  403
step/receive           unit:expected   post   302  403  403  403  403  403  303  303  404  403  403
step/undo_receipt      unit:received   post   302  403  403  403  403  403  303  409  404  403  403
step/mark_missing      unit:expected   post   302  403  403  403  403  403  303  303  404  403  403
step/start_diagnosis   unit:received   post   302  403  403  403  403  403  303  303  404  403  403
step/ask_customer      unit:diagnosing post   302  403  403  403  403  403  303  303  404  403  403
step/customer_answered unit:waiting    post   302  403  403  403  303  303  303  303  404  403  403
step/wait_for_parts    unit:diagnosing post   302  403  403  403  403  403  303  303  404  403  403
step/start_repair      unit:diagnosing post   302  403  403  403  403  403  303  303  404  403  403
step/start_test        unit:repairing  post   302  403  403  403  403  403  303  303  404  403  403
step/fail_test         unit:testing    post   302  403  403  403  403  403  303  303  404  403  403
step/pass_test         unit:testing    post   302  403  403  403  403  403  303  303  404  403  403
step/rework            unit:ready      post   302  403  403  403  403  403  303  303  404  403  403
step/give_up           unit:diagnosing post   302  403  403  403  403  403  303  303  404  403  403
step/reject            unit:received   post   302  403  403  403  403  403  303  303  404  403  403
order-list             -               get    302  403  403  403  200  200  200  200  200  403  200
order-export           -               get    302  403  403  403  200  200  200  200  200  403  200
return-ship            code            get    302  403  403  403  403  403  200  200  404  403  200
return-ship            code            post   302  403  403  403  403  403  303  303  404  403  403
return-tracking        tracked         post   302  403  403  403  403  403  303  303  404  403  403
return-remove          tracked         post   302  403  403  403  403  403  303  303  404  403  403
return-moved           tracked         post   302  403  403  403  403  403  303  303  404  403  403
return-unbox           untracked       post   302  403  403  403  403  403  303  303  404  403  403

[workorders] repair orders of customers
my-orders              -               get    302  200  200  200  403  403  403  403  403  403  200
self-service           -               get    302  200  200  200  403  403  403  403  403  403  200
self-service           -               post   302  303  303  303  403  403  403  403  403  403  403
repair                 draft           get    302  200  200  404  200  200  404  404  404  403  200
repair                 pending         get    302  200  200  404  200  200  200  200  404  403  200
repair                 code            get    302  200  200  404  200  200  200  200  404  403  200
repair                 returned        get    302  200  200  404  200  200  200  200  404  403  200
repair-draft           draft           get    302  403  403  403  200  200  403  403  403  403  200
repair-save            draft           post   302  303  303  404  303  303  403  403  403  403  403
repair-submit          draft           post   302  303  303  404  303  303  403  403  403  403  403
repair-cancel          pending         get    302  200  200  404  200  200  403  403  403  403  200
repair-cancel          pending         post   302  303  303  404  303  303  403  403  403  403  403
repair-complete        returned        post   302  303  303  404  403  403  403  403  403  403  403
unit-add               draft           get    302  200  200  404  200  200  403  403  403  403  200
unit-add               draft           post   302  303  303  404  303  303  403  403  403  403  403
units-paste            draft           get    302  200  200  404  200  200  403  403  403  403  200
units-paste            draft           post   302  303  303  404  303  303  403  403  403  403  403
unit-edit              draft-unit      get    302  200  200  404  200  200  403  403  403  403  200
unit-edit              draft-unit      post   302  303  303  404  303  303  403  403  403  403  403
unit-delete            draft-unit      get    302  200  200  404  200  200  403  403  403  403  200
unit-delete            draft-unit      post   302  303  303  404  303  303  403  403  403  403  403
packing-slip           pending         get    302  200  200  404  200  200  403  403  403  403  200
waybill-add            pending         get    302  200  200  404  200  200  403  403  403  403  200
waybill-add            pending         post   302  303  303  404  303  303  403  403  403  403  403
waybill-correct        waybill         get    302  200  200  404  200  200  403  403  403  403  200
waybill-correct        waybill         post   302  303  303  404  303  303  403  403  403  403  403
return-correct         pending         get    302  200  200  404  200  200  403  403  403  403  200
return-correct         pending         post   302  303  303  404  303  303  403  403  403  403  403

[attachments] files
file                   file            get    302  200  200  404  200  200  404  404  404  404  200
file                   internal-file   get    302  404  404  404  200  200  404  404  404  404  200
file                   public-photo    get    302  200  200  404  200  200  200  200  404  404  200
file                   bench-photo     get    302  404  404  404  200  200  200  200  404  404  200
file                   damage-photo    get    302  200  200  404  200  200  200  200  404  404  200
file                   parcel-photo    get    302  404  404  404  200  200  200  200  404  404  200
thumb                  log             get    302  200  200  404  200  200  404  404  404  404  200
thumb                  internal-log    get    302  404  404  404  200  200  404  404  404  404  200
preview                log             get    302  200  200  404  200  200  404  404  404  404  200
preview                internal-log    get    302  404  404  404  200  200  404  404  404  404  200

[jobs] long work
job-list               -               get    302  200  200  200  200  200  200  200  200  200  200
job                    job             get    302  200  404  404  404  404  404  404  404  404  200
job-result             job             get    302  200  404  404  404  404  404  404  404  404  200

[notifications] the mailbox of the demo: absent from a server
mailbox                -               get    404  404  404  404  404  404  404  404  404  404  404
mail                   mail            get    404  404  404  404  404  404  404  404  404  404  404
"""

# Whoever proves or enrols a factor, or leaves, must get there without one (S02).
WITHOUT_FACTOR = {
    "healthz",
    "set_language",
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "admin:logout",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
}

# The pages of the sign-in library: the answers to GET and to an empty POST, for nobody signed in
# and for somebody.
LIBRARY = """\
                                          get       post
                                       anon  user  anon  user
account_login            -              200   302   200   302
"""

# Django admin: what the administrator gets; everybody else is sent to the door. "add" and the
# others with a GET, then the same with an empty POST (Z12).
READING_ROOM = "200 403 200 403 200   403 403 403"


@dataclass(frozen=True)
class Row:
    """One address for one kind of object."""

    name: str
    key: str
    step: str = ""
    answers: dict[str, dict[str, int]] = field(default_factory=dict)  # method → column → status

    def __str__(self) -> str:
        named = f"{self.name}/{self.step}" if self.step else self.name
        return named if self.key == "-" else f"{named}({self.key})"

    @property
    def about_something(self) -> bool:
        return self.key != "-"

    def address(self, args: tuple[Any, ...]) -> str:
        if self.step:
            return reverse(self.name, kwargs={"pk": args[0], "step": self.step})
        return reverse(self.name, args=args)

    def of(self, home: Home) -> str:
        """The address of the object in that home."""
        return self.address(home.keys[self.key] if self.about_something else ())

    def absent(self, home: Home) -> str:
        """An address of the same form that leads to nothing."""
        args = home.keys[self.key]
        return self.address((*args[:-1], nothing(args[-1])) if len(args) > 1 else absent(args))

    def crossed(self, home: Home, other: Home) -> str:
        """The parent of one home with the child of the other (Z03); "" where there is no child."""
        args, theirs = home.keys.get(self.key, ()), other.keys.get(self.key, ())
        nested = len(args) > 1 and self.name != "attachments:file"
        return self.address((*args[:-1], theirs[-1])) if nested else ""


def nothing(value: Any) -> Any:
    return 987_654_321 if isinstance(value, int) else "NOTTHERE99"


def absent(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(nothing(value) for value in args)


@dataclass(frozen=True)
class Cell:
    """One request and its answer."""

    row: Row
    home: str
    form: str  # get, partial (a GET by htmx) or post
    actor: str
    status: int


FORMS = {"get": "get", "partial": "get", "post": "post"}


def rows() -> list[Row]:
    """The table, then the library's and Django admin's own."""
    return [*_ours(), *_library(), *_admin()]


def _ours() -> list[Row]:
    found: dict[tuple[str, str, str], Row] = {}
    space = ""
    for line in TABLE.splitlines()[1:]:
        if line.startswith("["):
            space = line[1:].split("]", 1)[0]
        elif line.strip():
            short, key, method, *statuses = line.split()
            named, _slash, step = short.partition("/")
            named = f"unit-{named}" if step else named
            name = f"{space}:{named}" if space else named
            row = found.setdefault((name, key, step), Row(name, key, step))
            row.answers[method] = dict(zip(COLUMNS, map(int, statuses), strict=True))
    return list(found.values())


def _pair(anonymous: str, user: str) -> dict[str, int]:
    return {"anon": int(anonymous), **dict.fromkeys(COLUMNS[1:], int(user))}


def _library() -> list[Row]:
    made = []
    for line in LIBRARY.splitlines()[2:]:
        name, key, *statuses = line.split()
        made.append(
            Row(name, key, answers={"get": _pair(*statuses[:2]), "post": _pair(*statuses[2:])})
        )
    return made


def _admin() -> list[Row]:
    return []


def cast(world: World, home_name: str) -> dict[str, str]:
    """Everybody, and in which column of the table they stand towards this home."""
    home = world.homes[home_name]
    other = world.homes["otto" if home_name == "cora" else "cora"]
    columns = {home.owner: "ownr", home.mate: "mate", other.owner: "othr", other.mate: "othr"}
    columns |= {home.agent: "agnt", other.agent: "peer"}
    columns |= {home.engineer: "shop", other.engineer: "away"}
    people = world.people
    columns[people["mona"]] = "boss" if home_name == "cora" else "away"
    columns |= {people["fin"]: "offc", people["sal"]: "offc", people["ada"]: "admn"}
    standing = {"anonymous": "anon"}
    standing |= {name: columns[user] for name, user in people.items()}
    staff = (name for name, user in people.items() if user.is_portal_staff)
    return standing | {name + BARE: "bare" for name in staff}


def cells(world: World, row: Row) -> Iterator[Cell]:
    """Every request that the row speaks of, in all its forms, about the objects of both homes."""
    for home in world.homes if row.about_something else ["cora"]:
        for actor, column in cast(world, home).items():
            for form, method in FORMS.items():
                yield Cell(row, home, form, actor, expected(row, form, method, column))


def expected(row: Row, form: str, method: str, column: str) -> int:
    if column == "bare" and row.name not in WITHOUT_FACTOR:
        return 401 if form == "partial" else 302
    told = row.answers.get(method)
    status = told["agnt" if column == "bare" else column] if told else 405
    sign_in = column == "anon" and told is not None and 302 == status and row.key != "open-page"
    return 401 if form == "partial" and sign_in else status


# ------------------------------------------------------------------ what there is
def all_urls() -> dict[str, str]:
    """Every named address of the resolver, nested ones too, with its pattern."""
    return dict(_walk(get_resolver(), (), ""))


def _walk(where: URLResolver, spaces: tuple[str, ...], prefix: str) -> Iterator[tuple[str, str]]:
    for found in where.url_patterns:
        pattern = prefix + str(found.pattern)
        if isinstance(found, URLResolver):
            inner = (*spaces, found.namespace) if found.namespace else spaces
            yield from _walk(found, inner, pattern)
        elif isinstance(found, URLPattern):
            step = found.default_args.get("step", "")
            name = ":".join((*spaces, found.name or f"? {pattern}"))
            yield (f"{name}/{step}" if step else name), pattern
