"""The levels as redis-py's own subscribe tells them: python3 subscribe.py PORT RESP"""

import asyncio
import json
import sys

import redis
import redis.asyncio

port, resp = map(int, sys.argv[1:3])
OPTIONS = {"port": port, "username": "alice", "password": "wonderland", "decode_responses": True}
if int(redis.__version__.split(".")[0]) >= 5:
    OPTIONS["protocol"] = resp


def levels(message):
    assert message["type"] == "message", message
    return message["channel"], json.loads(message["data"])


def synchronous():
    shop = redis.Redis(**OPTIONS)
    channel = shop.pubsub()

    def following():
        # None stands for what the library keeps to itself.
        for _ in range(100):
            message = channel.get_message(timeout=5)
            if message is not None:
                return message
        raise TimeoutError("nothing was told")

    channel.subscribe("stock", "stock:01001")
    for count, name in enumerate(["stock", "stock:01001"], 1):
        confirmed = following()
        assert confirmed["type"] == "subscribe", confirmed
        assert (confirmed["channel"], confirmed["data"]) == (name, count), confirmed
    told = dict(levels(following()) for _ in range(2))
    [first] = told["stock:01001"]
    assert first in told["stock"] and len(told["stock"]) == 2, told
    # Twice is not told twice.
    channel.subscribe("stock")
    assert following()["type"] == "subscribe"
    if resp == 2:
        # In RESP3 the reply is a plain PONG, as that of Redis, of which redis-py makes nothing here.
        channel.ping()
        assert following()["type"] == "pong"
    shop.execute_command("PURCHASE", 1001, 2)
    changed = [{"upc": 1001, "available": first["available"] - 2}]
    assert dict(levels(following()) for _ in range(2)) == {
        "stock": changed,
        "stock:01001": changed,
    }

    # The library connects again by itself, subscribes again, and has missed nothing.
    shop.execute_command("PURCHASE", 1001, 1)
    channel.connection.disconnect()
    again = {}
    for _ in range(10):
        message = following()
        if message["type"] == "message":
            again.update([levels(message)])
        if len(again) == 2:
            break
    [level] = again["stock:01001"]
    assert level["available"] == first["available"] - 3, again

    channel.unsubscribe("stock")
    while following()["type"] != "unsubscribe":
        pass
    channel.unsubscribe()
    ended = following()
    assert (ended["type"], ended["channel"], ended["data"]) == ("unsubscribe", "stock:01001", 0)
    channel.close()

    refused = shop.pubsub()
    try:
        refused.subscribe("sales")
        refused.get_message(timeout=5)
        raise AssertionError("an unknown channel was subscribed to")
    except redis.ResponseError as error:
        assert "unknown channel" in str(error), error


async def asynchronous():
    shop = redis.asyncio.Redis(**OPTIONS)
    async with shop.pubsub() as channel:
        await channel.subscribe("stock:1002")
        told = []
        async for message in channel.listen():
            if message["type"] == "message":
                told += levels(message)[1]
                if len(told) == 2:
                    break
                await shop.execute_command("PURCHASE", 1002, 1)
        assert told[1]["available"] == told[0]["available"] - 1, told
        await channel.unsubscribe()
    await (shop.aclose if hasattr(shop, "aclose") else shop.close)()


synchronous()
asyncio.run(asynchronous())
print("all was told", flush=True)
