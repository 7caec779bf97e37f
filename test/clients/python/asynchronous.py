"""redis-py's asyncio: python3 asynchronous.py PORT CUT_PORT"""

import asyncio
import sys

import redis
import redis.asyncio

port, cut_port = map(int, sys.argv[1:3])
print("version", redis.__version__, flush=True)


def connect(port):
    return redis.asyncio.Redis(
        port=port, username="alice", password="wonderland", decode_responses=True
    )


async def step(name, run):
    try:
        print("ok", name, await run() or "", flush=True)
    except Exception as error:
        print("failed", name, repr(error).replace("\n", " "), flush=True)


def field(reply, name):
    # A map of RESP3 is a dictionary, which later versions of redis-py speak unless told otherwise.
    return reply[name] if isinstance(reply, dict) else reply[reply.index(name) + 1]


def replayed(receipt):
    return field(receipt, "replayed") == 1


async def until_answered(ask):
    for errors in range(51):
        try:
            return await ask(), f"{errors} errors" if errors else "no error"
        except redis.ConnectionError:
            await asyncio.sleep(0.1)
    raise TimeoutError("never answered again")


async def main():
    shop = connect(port)
    at = None

    async def whoami():
        assert await shop.ping()
        reply = await shop.execute_command("WHOAMI")
        assert field(reply, "user") == "alice", reply
        print("resp", 3 if isinstance(reply, dict) else 2, flush=True)

    async def inventory():
        [item] = await shop.execute_command("INVENTORY", 1001)
        assert field(item, "name") == "Käse", item

    async def purchase():
        nonlocal at
        receipt = await shop.execute_command("PURCHASE", 1001, 2, "ORDER", "buy-1")
        at = field(receipt, "at")
        assert field(receipt, "order") == "buy-1" and not replayed(receipt), receipt

    async def replay():
        receipt = await shop.execute_command("PURCHASE", 1001, 2, "ORDER", "buy-1")
        assert replayed(receipt) and field(receipt, "at") == at, receipt

    async def refusal():
        try:
            await shop.execute_command("PURCHASE", 1002, 9, "ORDER", "refused-1")
        except redis.ResponseError as error:
            assert str(error).startswith("NOSTOCK "), error
            return type(error).__name__
        raise AssertionError("no error")

    async def pipeline():
        # A pipeline of redis-py is a transaction unless it is told otherwise.
        pipe = shop.pipeline()
        for index in range(1000):
            pipe.execute_command("PURCHASE", 1001, 1, "ORDER", f"pipe-{index}")
        receipts = await pipe.execute()
        assert [field(receipt, "order") for receipt in receipts] == [
            f"pipe-{index}" for index in range(1000)
        ]

    async def transaction():
        pipe = shop.pipeline(transaction=True)
        pipe.execute_command("PURCHASE", 1001, 1, "ORDER", "tx-1")
        pipe.execute_command("PURCHASE", 1001, 1, "ORDER", "tx-2")
        receipts = await pipe.execute()
        assert [field(receipt, "order") for receipt in receipts] == ["tx-1", "tx-2"], receipts

    async def abort():
        pipe = shop.pipeline(transaction=True)
        pipe.execute_command("PURCHASE", 1001, 1, "ORDER", "abort-1")
        pipe.execute_command("PURCHASE", 1001, "none")
        try:
            await pipe.execute()
        except redis.ResponseError as error:
            return type(error).__name__
        raise AssertionError("no error")

    async def restart():
        print("restart", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        receipt, errors = await until_answered(lambda: shop.execute_command("ORDER", "buy-1"))
        assert field(receipt, "at") == at, receipt
        return errors

    async def cut():
        other = connect(cut_port)
        buy = lambda: other.execute_command("PURCHASE", 1001, 1, "ORDER", "cut-1")
        try:
            receipt = await buy()
            remark = "sends again"
        except redis.ConnectionError:
            receipt, _ = await until_answered(buy)
            remark = "tells"
        assert replayed(receipt), receipt
        await other.close()
        return remark

    await step("connect", whoami)
    await step("inventory", inventory)
    await step("purchase", purchase)
    await step("replay", replay)
    await step("refusal", refusal)
    await step("pipeline", pipeline)
    await step("transaction", transaction)
    await step("abort", abort)
    await step("restart", restart)
    await step("cut", cut)
    await step("close", shop.close)


asyncio.run(main())
