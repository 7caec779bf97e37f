"""redis-py: python3 sync.py PORT CUT_PORT"""

import sys
import time

import redis

port, cut_port = map(int, sys.argv[1:3])
print("version", redis.__version__, flush=True)


def connect(port):
    return redis.Redis(port=port, username="alice", password="wonderland", decode_responses=True)


def step(name, run):
    try:
        print("ok", name, run() or "", flush=True)
    except Exception as error:
        print("failed", name, repr(error).replace("\n", " "), flush=True)


def field(reply, name):
    # A map of RESP3 is a dictionary, which later versions of redis-py speak unless told otherwise.
    return reply[name] if isinstance(reply, dict) else reply[reply.index(name) + 1]


def replayed(receipt):
    return field(receipt, "replayed") == 1


def until_answered(ask):
    for errors in range(51):
        try:
            return ask(), f"{errors} errors" if errors else "no error"
        except redis.ConnectionError:
            time.sleep(0.1)
    raise TimeoutError("never answered again")


shop = connect(port)
at = None


def whoami():
    assert shop.ping()
    reply = shop.execute_command("WHOAMI")
    assert field(reply, "user") == "alice", reply
    print("resp", 3 if isinstance(reply, dict) else 2, flush=True)


def inventory():
    [item] = shop.execute_command("INVENTORY", 1001)
    assert field(item, "name") == "Käse", item


def purchase():
    global at
    receipt = shop.execute_command("PURCHASE", 1001, 2, "ORDER", "buy-1")
    at = field(receipt, "at")
    assert field(receipt, "order") == "buy-1" and not replayed(receipt), receipt


def replay():
    receipt = shop.execute_command("PURCHASE", 1001, 2, "ORDER", "buy-1")
    assert replayed(receipt) and field(receipt, "at") == at, receipt


def refusal():
    try:
        shop.execute_command("PURCHASE", 1002, 9, "ORDER", "refused-1")
    except redis.ResponseError as error:
        assert str(error).startswith("NOSTOCK "), error
        return type(error).__name__
    raise AssertionError("no error")


def pipeline():
    # A pipeline of redis-py is a transaction unless it is told otherwise.
    pipe = shop.pipeline()
    for index in range(1000):
        pipe.execute_command("PURCHASE", 1001, 1, "ORDER", f"pipe-{index}")
    receipts = pipe.execute()
    assert [field(receipt, "order") for receipt in receipts] == [
        f"pipe-{index}" for index in range(1000)
    ]


def transaction():
    pipe = shop.pipeline(transaction=True)
    pipe.execute_command("PURCHASE", 1001, 1, "ORDER", "tx-1")
    pipe.execute_command("PURCHASE", 1001, 1, "ORDER", "tx-2")
    receipts = pipe.execute()
    assert [field(receipt, "order") for receipt in receipts] == ["tx-1", "tx-2"], receipts


def abort():
    pipe = shop.pipeline(transaction=True)
    pipe.execute_command("PURCHASE", 1001, 1, "ORDER", "abort-1")
    pipe.execute_command("PURCHASE", 1001, "none")
    try:
        pipe.execute()
    except redis.ResponseError as error:
        return type(error).__name__
    raise AssertionError("no error")


def restart():
    print("restart", flush=True)
    sys.stdin.readline()
    receipt, errors = until_answered(lambda: shop.execute_command("ORDER", "buy-1"))
    assert field(receipt, "at") == at, receipt
    return errors


def cut():
    other = connect(cut_port)
    buy = lambda: other.execute_command("PURCHASE", 1001, 1, "ORDER", "cut-1")
    try:
        receipt = buy()
        remark = "sends again"
    except redis.ConnectionError:
        receipt, _ = until_answered(buy)
        remark = "tells"
    assert replayed(receipt), receipt
    return remark


step("connect", whoami)
step("inventory", inventory)
step("purchase", purchase)
step("replay", replay)
step("refusal", refusal)
step("pipeline", pipeline)
step("transaction", transaction)
step("abort", abort)
step("restart", restart)
step("cut", cut)
step("close", shop.close)
