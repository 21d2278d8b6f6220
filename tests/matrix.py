"""Who gets what at which address: the table, and how a row of it becomes requests (Z01, D8).

Read a row as: address, the object that builds it, method, then the answer to each of

    anon  nobody signed in             shop  the engineer of the shop that repairs it
    ownr  the customer whose it is     boss  the manager of that shop
    mate  a colleague of theirs        away  engineers and managers of other shops
    othr  people of another customer   offc  finance and sales
    agnt  the agent who has it         admn  the administrator
    peer  another agent                finc  finance, where it differs from offc
                                       mgrx  a manager elsewhere, where it differs from away

The last two may be left out of a row.

Where an address has no row for a method it answers 405 to everybody. The posts carry what an honest
person would send (tests/posts.py), so 303 means that it was done. GET by htmx answers like GET,
except that 401 takes the place of the way to the sign-in page. Staff without their second factor
are sent away everywhere but at the addresses of WITHOUT_FACTOR.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.world import BARE, Home, World

COLUMNS = ["anon", "ownr", "mate", "othr", "agnt", "peer", "shop", "boss", "away", "offc", "admn"]
COLUMNS += ["finc", "mgrx"]
SAME_AS = {"finc": "offc", "mgrx": "away"}
TABLE = """\
                                             anon ownr mate othr agnt peer shop boss away offc admn

[] the roof
home               -                 get  302 302 302 302 302 302 302 302 302 200 200 302
healthz                -               get    200  200  200  200  200  200  200  200  200  200  200
manual                 -               get    302  200  200  200  200  200  200  200  200  200  200
styleguide             -               get    302  403  403  403  200  200  200  200  200  200  200
styleguide-part        part            get    302  403  403  403  200  200  200  200  200  200  200
search                 -               get    302  403  403  403  200  200  200  200  200  200  200
set_language           -               post   302  302  302  302  302  302  302  302  302  302  302

[accounts] accounts: people of one company
people                 -               get    302  200  200  200  403  403  403  403  403  403  200
invite                 -               post   302  303  303  303  403  403  403  403  403  403  403
invitation-withdraw    invitation      post   302  303  303  404  403  403  403  403  403  403  403
remove                 mate            get    302  200  200  404  403  403  403  403  403  403  200
remove                 mate            post   302  303  409  404  403  403  403  403  403  403  403
join                   join            get    200  200  200  200  200  200  200  200  200  200  200
join                   join            post   302  409  409  409  409  409  409  409  409  409  409
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
tracking-webhook       no-carrier      post   403  403  403  403  403  403  403  403  403  403  403

[workorders] enquiries and the conversation
counselling-new        -               get    302  200  200  200  403  403  403  403  403  403  302
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
counselling-history    open            get    302  403  403  403  200  200  403  403  403  403  200
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
step/ask_customer      unit:diagnosing post   302  403  403  403  303  303  303  303  404  403  403
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
order-view-save        -               post   302  403  403  403  303  303  303  303  303  403  403
order-view-delete      order-view      post   302  403  403  403  303  404  404  404  404  403  403
order-miners           code            get    302  403  403  403  200  200  200  200  404  403  200
order-csv              code            get    302  403  403  403  200  200  200  200  404  403  200
order-bulk             code            get    302  403  403  403  303  303  303  303  404  403  303
order-bulk             code            post   302  403  403  403  303  303  303  303  404  403  403
order-services         code            get    302  403  403  403  200  200  403  200  404  403  200
order-services         code            post   302  403  403  403  303  303  403  303  404  403  403
order-billing          code            get    302  403  403  403  200  200  403  200  404  403  200
order-messages         code            get    302  403  403  403  200  200  403  403  403  403  200
order-messages         code            post   302  403  403  403  303  303  403  403  403  403  403
order-news             code            get    302  403  403  403  204  204  403  403  403  403  204
order-scrapping        code            post   302  303  303  404  403  403  403  403  403  403  403
unit-names             unit:diagnosing post   302  403  403  403  303  303  303  303  404  403  403
unit-services          unit:diagnosing post   302  403  403  403  403  403  303  303  404  403  403
unit-warranty          unit:diagnosing post   302  403  403  403  303  303  403  303  404  403  403
unit-consent           unit:diagnosing post   302  403  403  403  303  303  403  303  404  403  403
unit-settle            unit:missing    post   302  403  403  403  303  303  403  303  404  403  403
step/scrap             unit:agreed     post   302  403  403  403  403  403  303  303  404  403  403
return-ship            code            get    302  403  403  403  403  403  200  200  404  403  200
return-ship            code            post   302  403  403  403  403  403  303  303  404  403  403
return-tracking        tracked         post   302  403  403  403  403  403  303  303  404  403  403
return-remove          tracked         post   302  403  403  403  403  403  303  303  404  403  403
return-moved           tracked         post   302  403  403  403  403  403  303  303  404  403  403
return-unbox           untracked       post   302  403  403  403  403  403  303  303  404  403  403

[workorders] goods: containers, shipments, labels, damages
order-logistics        code            get    302  403  403  403  200  200  200  200  404  403  200
container-new          code            post   302  403  403  403  403  403  303  303  404  403  403
containers-pack        code            post   302  403  403  403  403  403  303  303  404  403  403
containers-seal        code            post   302  403  403  403  403  403  303  303  404  403  403
container-announce     code            post   302  403  403  403  303  303  303  303  404  403  403
shipment-new           code            post   302  403  403  403  403  403  303  303  404  403  403
shipment-assign        code            post   302  403  403  403  403  403  303  303  404  403  403
shipment-unassign      code            post   302  403  403  403  403  403  303  303  404  403  403
labels                 code            get    302  403  403  403  200  200  200  200  404  403  200
labels-pdf             code            get    302  403  403  403  422  422  422  422  404  403  422
damages                code            get    302  403  403  403  200  200  200  200  404  403  200
damage-pdf             code            get    302  200  200  404  200  200  200  200  404  403  200
containers             -               get    302  403  403  403  200  200  200  200  200  403  200
containers-export      -               get    302  403  403  403  200  200  200  200  200  403  200
container              box:open        get    302  200  200  404  200  200  200  200  404  403  200
container-scan         box:open        get    302  403  403  403  403  403  200  200  404  403  200
container-scan         box:open        post   302  403  403  403  403  403  303  303  404  403  403
container-out          box:open        post   302  403  403  403  403  403  303  303  404  403  403
container-seal         box:open        post   302  403  403  403  403  403  303  303  404  403  403
container-reopen       box:sealed      post   302  403  403  403  403  403  303  303  404  403  403
container-arrive       box:announced   post   302  403  403  403  403  403  303  303  404  403  403
container-unpack       box:arrived     post   302  403  403  403  403  403  303  303  404  403  403
shipments              -               get    302  403  403  403  200  200  200  200  200  403  200
shipments-export       -               get    302  403  403  403  200  200  200  200  200  403  200
shipment               shipment        get    302  200  200  404  200  200  200  200  404  403  200
shipment-number        shipment        post   302  403  403  403  403  403  303  303  404  403  403
shipment-dates         shipment        post   302  403  403  403  403  403  303  303  404  403  403
shipment-remove        shipment        post   302  403  403  403  403  403  303  303  404  403  403
tracking-add           shipment        post   302  403  403  403  303  303  303  303  404  403  403

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

[scopes] repair requests and service agreements
requests               -               get    302  200  200  200  200  200  403  403  403  403  200
request-new            -               get    302  200  200  200  403  403  403  403  403  403  302
request-new            -               post   302  303  303  303  403  403  403  403  403  403  403
request                request         get    302  200  200  404  200  200  404  404  404  403  200
request                scoped          get    302  200  200  404  200  200  200  200  404  403  200
request-card           scoped          get    302  200  200  404  200  200  200  200  404  403  200
request-edit           request         get    302  403  403  403  200  200  403  403  403  403  200
request-edit           request         post   302  403  403  403  303  303  403  403  403  403  403
agreements             -               get    302  200  200  200  200  200  403  403  403  403  200
agreement-new          -               get    302  403  403  403  200  200  403  403  403  403  200
agreement-new          -               post   302  403  403  403  303  303  403  403  403  403  403
agreement              agreement       get    302  200  200  404  200  200  403  403  403  403  200
agreement-version      agreement       post   302  403  403  403  303  303  403  403  403  403  403
agreement-end          agreement       post   302  403  403  403  303  303  403  403  403  403  403

[billing] quotes
quotes                 -               get    302  200  200  200  200  200  200  200  200  403  200
quote                  quote           get    302  200  200  404  200  200  200  200  404  403  200
quote                  quote-draft     get    302  404  404  404  200  200  200  200  404  403  200
quote-pdf              quote           get    302  200  200  404  200  200  200  200  404  403  200
quote-new              code            get    302  403  403  403  200  200  200  200  404  403  200
quote-new              code            post   302  403  403  403  303  303  303  303  404  403  403
quote-line             quote-draft     get    302  403  403  403  200  200  200  200  404  403  200
quote-line             quote-draft     post   302  403  403  403  303  303  303  303  404  403  403
quote-prices           quote-draft     post   302  403  403  403  303  303  303  303  404  403  403
quote-details          quote-draft     post   302  403  403  403  303  303  303  303  404  403  403
quote-send         quote-draft       post 302 403 403 403 303 303 403 303 403 403 403 403 404
quote-withdraw     quote             post 302 403 403 403 303 303 403 303 403 403 403 403 404
quote-answer           quote           post   302  303  303  404  403  403  403  403  403  403  403

[billing] invoices, payments, prices
invoice-list       -                 get  302 200 200 200 200 200 403 200 403 403 200 200 200
invoice-export     -                 get  302 200 200 200 200 200 403 200 403 403 200 200 200
invoice            invoice-draft     get  302 404 404 404 200 200 403 200 403 403 200 200 404
invoice            invoice-issued    get  302 200 200 404 200 200 403 200 403 403 200 200 404
invoice            invoice-paid      get  302 200 200 404 200 200 403 200 403 403 200 200 404
invoice-pdf        invoice-issued    get  302 200 200 404 200 200 403 200 403 403 200 200 404
invoice-csv        invoice-issued    get  302 200 200 404 200 200 403 200 403 403 200 200 404
invoice-draft      box-ready         post 302 403 403 403 403 403 403 303 403 403 403 303 404
invoice-issue      invoice-draft     post 302 403 403 403 403 403 403 403 403 403 403 303 403
invoice-regenerate invoice-draft     post 302 403 403 403 403 403 403 303 403 403 403 303 404
invoice-delete     invoice-draft     post 302 403 403 403 403 403 403 303 403 403 403 303 404
invoice-void       invoice-issued    post 302 403 403 403 403 403 403 403 403 403 403 303 403
line-add           invoice-draft     post 302 403 403 403 403 403 403 303 403 403 403 303 404
line-remove        draft-line        post 302 403 403 403 403 403 403 303 403 403 403 303 404
line-price         missing-line      post 302 403 403 403 403 403 403 403 403 403 403 303 403
pay               invoice-issued    get    302  200  200  404  200  200  403  403  403  403  200
pay               invoice-issued    post   302  303  303  404  303  303  403  403  403  403  403
payment-enter      invoice-issued    post 302 403 403 403 403 403 403 403 403 403 403 303 403
credit-settle      invoice-credit    post 302 403 403 403 403 403 403 403 403 403 403 303 403
payments           -                 get  302 403 403 403 200 200 403 403 403 403 200 200
payment-confirm    payment-announced post 302 403 403 403 403 403 403 403 403 403 403 303 403
payment-reject     payment-announced post 302 403 403 403 403 403 403 403 403 403 403 303 403
payment-reverse    payment-confirmed post 302 403 403 403 403 403 403 403 403 403 403 303 403
desk               -                 get  302 403 403 403 403 403 403 403 403 403 200 200
order              bill-order        get  302 403 403 403 200 200 403 200 403 403 200 200 404
due                bill-order        get  302 200 200 404 403 403 403 403 403 403 200
order-draft        bill-order        post 302 403 403 403 403 403 403 303 403 403 403 303 404
order-issue        bill-order        post 302 403 403 403 403 403 403 403 403 403 403 303 403
price-lists       -                 get    302  403  403  403  200  200  200  200  200  200  200
price-list        price-list        get    302  403  403  403  200  200  200  200  200  200  200

[parts] parts of devices, consolidation, stock of the shops
unit                   unit:repairing  get    302  403  403  403  200  200  200  200  404  403  200
diagnose               unit:repairing  post   302  403  403  403  403  403  303  303  404  403  403
register               unit:repairing  post   302  403  403  403  403  403  303  303  404  403  403
fit                    unit:repairing  post   302  403  403  403  403  403  303  303  404  403  403
take-out               unit:repairing  post   302  403  403  403  403  403  303  303  404  403  403
reserve                unit:repairing  post   302  403  403  403  403  403  303  303  404  403  403
release                reservation     post   302  403  403  403  403  403  303  303  404  403  403
stress-test            unit:repairing  get    302  403  403  403  200  200  200  200  404  403  200
stress-test            unit:repairing  post   302  403  403  403  403  403  303  303  404  403  403
panel                  unit:repairing  get    302  403  403  403  200  200  200  200  404  403  200
replaced               code            get    302  200  200  404  200  200  403  403  403  403  200
consolidate            code            get    302  403  403  403  403  403  409  409  404  403  409
consolidate            code            post   302  403  403  403  403  403  303  303  404  403  403
consolidate-pick       code            post   302  403  403  403  403  403  303  303  404  403  403
stock                  -               get    302  403  403  403  200  200  200  200  200  403  200
stock-csv              -               get    302  403  403  403  200  200  200  200  200  403  200
delivery               -               get    302  403  403  403  403  403  403  200  403  403  200
delivery               -               post   302  403  403  403  403  403  403  303  403  403  403
count                  -               get    302  403  403  403  403  403  403  200  403  403  200
count                  -               post   302  403  403  403  403  403  403  303  403  403  403
count-pieces           -               post   302  403  403  403  403  403  403  303  403  403  403
type                   part-type       get    302  403  403  403  200  200  200  200  404  403  200
type-move              part-type       post   302  403  403  403  403  403  403  303  403  403  403  403  404
type-low               part-type       post   302  403  403  403  403  403  403  303  403  403  403  403  404
part                   spare           get    302  403  403  403  200  200  200  200  404  403  200
part-move              spare           post   302  403  403  403  403  403  403  303  403  403  403  403  404
part-scrap             spare           post   302  403  403  403  403  403  403  303  403  403  403  403  404
part-repaired          shelf-part      post   302  403  403  403  403  403  403  303  403  403  403  403  404
part-return            shelf-part      post   302  403  403  403  403  403  403  303  403  403  403  403  404

[attachments] files
file               payment-announced-proof get  302 200 200 404 200 200 404 404 404 404 200 200
file                   agreement-paper get    302  200  200  404  200  200  404  404  404  404  200
file                   request-paper   get    302  200  200  404  200  200  404  404  404  404  200
file                   scoped-paper    get    302  200  200  404  200  200  200  200  404  404  200
file                   file            get    302  200  200  404  200  200  404  404  404  404  200
file                   internal-file   get    302  404  404  404  200  200  404  404  404  404  200
file                   public-photo    get    302  200  200  404  200  200  200  200  404  404  200
file                   bench-photo     get    302  404  404  404  200  200  200  200  404  404  200
file                   damage-photo    get    302  200  200  404  200  200  200  200  404  404  200
file                   parcel-photo    get    302  404  404  404  200  200  200  200  404  404  200
preview                stress-log      get    302  404  404  404  200  200  200  200  404  404  200
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

# The pages of others: the answers to GET and to an empty POST for nobody, for anybody signed in
# and for the administrator. An object they name does not exist.
LIBRARY = """\
                                                       get             post
                                                    anon user admn  anon user admn
account_login                        -               200  302  302   200  302  302
account_logout                       -               302  200  200   302  302  302
account_inactive                     -               200  200  200   405  405  405
account_signup                       -               200  302  302   200  302  302
account_reauthenticate               -               302  200  200   302  200  200
account_email                        -               302  200  200   302  302  302
account_email_verification_sent      -               200  200  200   405  405  405
account_change_password              -               302  200  200   302  200  200
account_set_password                 -               302  302  302   302  302  302
account_reset_password               -               200  200  200   200  200  200
account_confirm_login_code           -               302  302  302   302  302  302
account_confirm_email                no-key          200  200  200   404  404  404
account_reset_password_from_key_done -               200  200  200   405  405  405
account_reset_password_from_key      no-reset        200  200  200   200  200  200
account_reset_password_done          -               200  200  200   405  405  405
mfa_index                            -               302  200  200   302  405  405
mfa_authenticate                     -               302  302  302   302  302  302
mfa_reauthenticate                   -               302  302  302   302  302  302
mfa_activate_totp                    -               302  200  200   302  200  200
mfa_deactivate_totp                  -               302  404  404   302  404  404
mfa_view_recovery_codes              -               302  404  404   302  405  405
mfa_generate_recovery_codes          -               302  200  200   302  200  200
mfa_download_recovery_codes          -               302  404  404   302  404  404
mfa_list_webauthn                    -               302  200  200   302  405  405
mfa_add_webauthn                     -               302  200  200   302  200  200
mfa_reauthenticate_webauthn          -               302  302  302   302  302  302
mfa_remove_webauthn                  no-pk           302  404  404   302  404  404
mfa_edit_webauthn                    no-pk           302  404  404   302  404  404
mfa_login_webauthn                   -               302  302  302   302  302  302
usersessions_list                    -               302  200  200   302  302  302
admin:index                          -               302  302  200   302  302  200
admin:login                          -               302  403  302   302  403  200
admin:logout                         -               302  302  405   302  302  200
admin:password_change                -               302  302  200   302  302  200
admin:password_change_done           -               302  302  200   302  302  405
admin:autocomplete                   -               302  302  403   302  302  405
admin:jsi18n                         -               302  302  200   302  302  405
admin:view_on_site                   no-pair         302  302  404   302  302  404
admin:app_list                       no-app          302  302  200   302  302  200
"""
NO_OBJECT = {
    "no-key": ("nothing",),
    "no-reset": ("a", "b"),
    "no-pk": (987_654_321,),
    "no-pair": ("a", "b"),
    "no-app": ("logistics",),
    "no-carrier": ("nobody",),
}

# Django admin, as the administrator sees it, GET and empty POST alike; all others are sent to the
# door. What is read here is never added, changed or deleted here (Z12): its posts are refused.
ROOMS = """\
                             changelist  add  change  delete  history
notifications.mail           read
logistics.address            read
logistics.consignment        read
logistics.shipment           read
logistics.container          read
logistics.damage             read
logistics.parcel             read
logistics.trackingevent      read
workorders.counselling       read
workorders.repairorder       read
workorders.unit              read
workorders.message           read
workorders.unitnote          read
workorders.unitservice       read
workorders.service           keep
sla.clock                    read
logistics.carrier            keep
repairshops.repairshop       keep
accounts.user                keep
accounts.customer            keep
devices.brand                edit
devices.productmodel         edit
devices.device               edit
sla.calendar                 edit
sla.policy                   edit
parts.slot                   edit
parts.failuretype            keep
parts.parttype               keep
parts.part                   read
parts.stock                  read
parts.movement               read
parts.reservation            read
parts.partdiagnosis          read
parts.stresstest             read
scopes.serviceagreement      keep
scopes.agreementversion      read
scopes.scope                 read
billing.quote                read
billing.quoteline            read
billing.pricelist            keep
billing.paymentaccount       keep
billing.orderaccount         read
billing.invoice              read
billing.payment              read
billing.booking              read
"""
KINDS = {
    #        changelist add  change delete history; the same by POST
    "read": ("200 403 200 403 200", "200 403 403 403 200"),
    "keep": ("200 200 200 403 200", "200 200 200 403 200"),
    "edit": ("200 200 200 200 200", "200 200 200 200 200"),
}
PAGES = ["changelist", "add", "change", "delete", "history"]


@dataclass(frozen=True)
class Row:
    """One address for one kind of object."""

    name: str
    key: str
    step: str = ""
    answers: dict[str, dict[str, int]] = field(default_factory=dict)  # method → column → status

    def __str__(self) -> str:
        named = f"{self.name}/{self.step}" if self.step else self.name
        return f"{named}({self.key})" if self.about_something else named

    @property
    def about_something(self) -> bool:
        """Whether its object is one of the homes'."""
        return self.key != "-" and self.key not in NO_OBJECT and not self.key.startswith("first ")

    @property
    def ours(self) -> bool:
        """Not a page of the sign-in library or of Django admin."""
        return not self.name.startswith(("account_", "mfa_", "usersessions_", "admin:"))

    def address(self, args: tuple[Any, ...]) -> str:
        if self.step:
            return reverse(self.name, kwargs={"pk": args[0], "step": self.step})
        return reverse(self.name, args=args)

    def of(self, home: Home) -> str:
        """The address of the object in that home."""
        return self.address(self.arguments(home))

    def arguments(self, home: Home) -> tuple[Any, ...]:
        if self.key.startswith("first "):
            first = apps.get_model(self.key.removeprefix("first "))._default_manager.first()
            return (first.pk,) if first else (0,)
        return home.keys[self.key] if self.about_something else NO_OBJECT.get(self.key, ())

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
            told = dict(zip(COLUMNS, map(int, statuses), strict=False))
            row.answers[method] = {c: told[c if c in told else SAME_AS[c]] for c in COLUMNS}
    return list(found.values())


def _spread(anonymous: str, user: str, administrator: str) -> dict[str, int]:
    """Three answers over all columns."""
    users = dict.fromkeys(COLUMNS, int(user))
    return users | {"anon": int(anonymous), "admn": int(administrator)}


def _library() -> list[Row]:
    made = []
    for line in LIBRARY.splitlines()[2:]:
        name, key, *statuses = line.split()
        answers = {"get": _spread(*statuses[:3]), "post": _spread(*statuses[3:])}
        made.append(Row(name, key, answers=answers))
    return made


def _admin() -> list[Row]:
    made = []
    for line in ROOMS.splitlines()[1:]:
        model, kind = line.split()
        told = [statuses.split() for statuses in KINDS[kind]]
        for page, get, post in zip(PAGES, *told, strict=True):
            name = f"admin:{model.replace('.', '_')}_{page}"
            key = "-" if page in ("changelist", "add") else f"first {model}"
            answers = {"get": _spread("302", "302", get), "post": _spread("302", "302", post)}
            made.append(Row(name, key, answers=answers))
    return made


def cast(world: World, home_name: str) -> dict[str, str]:
    """Everybody, and in which column of the table they stand towards this home."""
    home = world.homes[home_name]
    other = world.homes["otto" if home_name == "cora" else "cora"]
    columns = {home.owner: "ownr", home.mate: "mate", other.owner: "othr", other.mate: "othr"}
    columns |= {home.agent: "agnt", other.agent: "peer"}
    columns |= {home.engineer: "shop", other.engineer: "away"}
    people = world.people
    columns[people["mona"]] = "boss" if home_name == "cora" else "mgrx"
    columns |= {people["fin"]: "finc", people["sal"]: "offc", people["ada"]: "admn"}
    standing = {"anonymous": "anon"}
    standing |= {name: columns[user] for name, user in people.items()}
    staff = (name for name, user in people.items() if user.is_portal_staff)
    return standing | {name + BARE: f"bare {columns[people[name]]}" for name in staff}


def cells(world: World, row: Row) -> Iterator[Cell]:
    """Every request that the row speaks of, in all its forms, about the objects of both homes."""
    for home in world.homes if row.about_something else ["cora"]:
        for actor, column in cast(world, home).items():
            for form, method in FORMS.items():
                if form != "partial" or (row.ours and "get" in row.answers):
                    yield Cell(row, home, form, actor, expected(row, form, method, column))


def expected(row: Row, form: str, method: str, column: str) -> int:
    if column.startswith("bare ") and row.name not in WITHOUT_FACTOR:
        return 401 if form == "partial" else 302
    told = row.answers.get(method)
    status = told[column.removeprefix("bare ")] if told else 405
    to_sign_in = row.ours and column == "anon" and status == 302
    return 401 if form == "partial" and to_sign_in else status


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


def named(row: Row) -> str:
    """As `all_urls` names it."""
    return f"{row.name}/{row.step}" if row.step else row.name
