"""Gives valid requests something real to be about.

A generated id is of nothing, so without this every valid request would end as 404 and nothing behind it would be tried.
Only requests that were generated as valid are touched, and only where they name a product, an order, a payment, a
notification or a user. What is used up by a request (a cancelled order, a deleted product) is made anew for each.
"""

import hashlib
import hmac
import json
import os
import time
import uuid
from decimal import Decimal

import requests
import schemathesis
from requests.auth import AuthBase

STACK = json.loads(os.environ["ECOTRACK_STACK"])
PASSWORD = "correct-horse-battery"
TIMEOUT = 15
cache = {}


def ask(method, service, path, body=None, token=None, key=None):
    """One request past the fuzzer; anything but success ends the run."""
    headers = {"Authorization": f"Bearer {token or STACK['token']}"}
    if key:
        headers["Idempotency-Key"] = key
    answer = requests.request(method, STACK["urls"][service] + path, json=body, headers=headers, timeout=TIMEOUT)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def once(make):
    """What is not used up is made once."""
    if make not in cache:
        cache[make] = make()
    return cache[make]


def fresh_key():
    return uuid.uuid4().hex


def product():
    body = {"name": f"Fuzzed {fresh_key()}", "description": "", "price": "19.99", "currency": "EUR",
            "category_id": STACK["category"], "sustainability_score": 80, "stock": 1000000}
    made = ask("POST", "product-service", "/api/products", body)
    return made.get("product_id") or made["id"]


def category():
    name = fresh_key()
    made = ask("POST", "product-service", "/api/products/categories", {"slug": name, "name": name, "description": ""})
    return made.get("category_id") or made["id"]


def order():
    items = [{"product_id": once(product), "quantity": 1}]
    return ask("POST", "order-service", "/api/orders", {"items": items, "payment_method": "credit_card"}, key=fresh_key())


def payment():
    of = order()
    body = {"order_id": of["order_id"], "amount": of["total_amount"], "currency": of["currency"],
            "method": "credit_card", "payment_token": "tok_visa"}
    return ask("POST", "payment-service", "/api/payments", body, key=fresh_key())["payment_id"]


def paid():
    """A payment as it can be read: what providers tell is about it."""
    return ask("GET", "payment-service", f"/api/payments/{payment()}")


def order_id():
    return order()["order_id"]


def notification():
    """The first one the user gets; it comes by way of Kafka."""
    once(order_id)
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        items = ask("GET", "notification-service", "/api/notifications")["items"]
        if items:
            return items[0]["notification_id"]
        time.sleep(0.2)
    raise RuntimeError("no notification came")


def account():
    """Somebody who may be deleted or logged out."""
    email = f"{fresh_key()}@fuzz.ecotrack.dev"
    form = {"email": email, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace"}
    ask("POST", "user-service", "/api/users/register", form)
    return ask("POST", "user-service", "/api/users/login", {"email": email, "password": PASSWORD}) | {"email": email}


class Signed(AuthBase):
    """Signs a webhook as the providers do."""

    def __init__(self, secret):
        self.secret = secret

    def __call__(self, request):
        at, body = str(int(time.time())), request.body or b""
        body = body.encode() if isinstance(body, str) else body
        digest = hmac.new(self.secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
        request.headers["webhook-signature"] = f"t={at},v1={digest}"
        return request


class Another(AuthBase):
    """Lets somebody else ask who may be logged out or deleted; whoever asks without a right token goes on doing so."""

    def __call__(self, request):
        if request.headers.get("Authorization") == f"Bearer {STACK['token']}":
            request.headers["Authorization"] = f"Bearer {account()['access_token']}"
        return request


def path_of(case, **parameters):
    for name, value in parameters.items():
        for known in list(case.path_parameters):
            if known in (name, "id"):
                case.path_parameters[known] = value


def with_key(case):
    case.headers["Idempotency-Key"] = fresh_key()


def place_order(case):
    with_key(case)
    for item in case.body["items"]:
        item.update(product_id=product(), quantity=1)


def open_payment(case):
    """Offers, where it offers anything, what is owed."""
    of = order()
    path_of(case, order_id=of["order_id"])
    if case.body.get("amount") is not None:
        case.body.update(amount=of["total_amount"], currency=of["currency"])


def pay(case):
    with_key(case)
    of = order()
    case.body.update(order_id=of["order_id"], amount=of["total_amount"], currency=of["currency"], payment_token="tok_visa")


def refund(case):
    with_key(case)
    path_of(case, payment_id=payment())
    if isinstance(case.body, dict):
        case.body.pop("amount", None)
        case.body.pop("currency", None)


def captured(case):
    """What the provider says when it has the money."""
    of, identity = once(paid), f"evt_{fresh_key()}"
    stripe = {"id": of["provider_reference"], "amount": int(Decimal(of["amount"]) * 100), "currency": of["currency"].lower(),
              "metadata": {"payment_id": of["payment_id"]}}
    paypal = {"id": of["provider_reference"], "custom_id": of["payment_id"],
              "amount": {"currency_code": of["currency"], "value": of["amount"]}}
    case.body = {
        "stripe": {"id": identity, "type": "payment_intent.succeeded", "data": {"object": stripe}},
        "paypal": {"id": identity, "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": paypal},
    }[case.path_parameters["gateway"]]


def reserve(case):
    case.body["order_id"] = str(uuid.uuid4())
    for item in case.body["items"]:
        item.update(product_id=product(), quantity=1)


def add_product(case):
    case.body["category_id"] = STACK["category"]


def version_of(case, **parameters):
    """Names a thing and, where the document asks for it, the version of it that was read last."""
    path_of(case, **parameters)
    (identity,) = parameters.values()
    url = f"{STACK['urls']['product-service']}/api/products/{identity}"
    etag = requests.get(url, timeout=TIMEOUT).headers.get("ETag")
    if etag and case.headers and "If-Match" in case.headers:
        case.headers["If-Match"] = etag


def add_category(case):
    case.body["slug"] = fresh_key()
    case.body.pop("parent_id", None)


def change_category(case):
    path_of(case, category_id=category())
    if case.body.get("parent_id") is not None:
        case.body["parent_id"] = once(category)


def change_product(case):
    version_of(case, product_id=product())
    if "category_id" in case.body and case.body["category_id"] is not None:
        case.body["category_id"] = STACK["category"]


def log_in(case):
    case.body.update(email=once(account)["email"], password=PASSWORD)


def register(case):
    case.body["email"] = f"{fresh_key()}@fuzz.ecotrack.dev"


def renew(case):
    case.body["refresh_token"] = account()["refresh_token"]


def session(case):
    """A session of the account that every request speaks for: begun by its own password."""
    made = ask("POST", "user-service", "/api/users/login", {"email": STACK["email"], "password": PASSWORD})
    path_of(case, session_id=made["session_id"])


VALID = {
    "POST /api/users/register": register,
    "POST /api/users/login": log_in,
    "POST /api/users/refresh": renew,
    "DELETE /api/users/me/sessions/{}": session,
    "GET /api/users/{}": lambda case: path_of(case, user_id=STACK["user_id"]),
    "PUT /api/users/{}/roles/{}": lambda case: path_of(case, user_id=once(account)["user_id"]),
    "DELETE /api/users/{}/roles/{}": lambda case: path_of(case, user_id=once(account)["user_id"]),
    "GET /api/products/{}": lambda case: path_of(case, product_id=once(product)),
    "POST /api/products": add_product,
    "PATCH /api/products/{}": change_product,
    "DELETE /api/products/{}": lambda case: version_of(case, product_id=product()),
    "GET /api/products/{}/recommendations": lambda case: path_of(case, product_id=once(product)),
    "POST /api/products/categories": add_category,
    "GET /api/products/categories/{}": lambda case: path_of(case, category_id=once(category)),
    "PATCH /api/products/categories/{}": change_category,
    "POST /api/products/reservations": reserve,
    "POST /api/orders": place_order,
    "GET /api/orders/{}": lambda case: path_of(case, order_id=once(order_id)),
    "GET /api/orders/{}/history": lambda case: path_of(case, order_id=once(order_id)),
    "POST /api/orders/{}/cancel": lambda case: path_of(case, order_id=order_id()),
    "POST /api/orders/{}/payment": open_payment,
    "POST /api/payments": pay,
    "GET /api/payments/{}": lambda case: path_of(case, payment_id=once(payment)),
    "POST /api/payments/{}/refund": refund,
    "POST /api/payments/webhooks/{}": captured,
    "GET /api/notifications/{}": lambda case: path_of(case, notification_id=once(notification)),
}


# Whoever asks for this is gone afterwards, also by a request that was meant to be invalid and was not.
LAST = {"POST /api/users/logout", "DELETE /api/users/me"}


def is_valid(case):
    meta = getattr(case, "meta", None)
    return meta is not None and meta.generation.mode.name == "POSITIVE"


def template(path):
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


@schemathesis.hook
def before_call(context, case, kwargs):
    path = template(case.operation.path)
    name = f"{case.operation.method.upper()} {path}"
    if name in LAST and case.method.upper() == case.operation.method.upper():
        kwargs["auth"] = Another()
    if not is_valid(case):
        return
    # Searches by a category or a cursor that nobody ever made are refused.
    if case.query and "category" in case.query:
        case.query["category"] = STACK["category_slug"]
    if case.query:
        case.query.pop("cursor", None)
    if "/webhooks/" in path:
        provider = case.path_parameters.get("gateway") or path.rsplit("/", 1)[-1]
        kwargs["auth"] = Signed(STACK["webhook_secrets"][provider])
    fill = VALID.get(name)
    if fill:
        fill(case)
