<?php
// phpredis: php phpredis.php PORT CUT_PORT
require __DIR__ . '/steps.php';

[, $port, $cutPort] = $argv;
echo 'version ', phpversion('redis'), "\n";

function connectTo(string $port): Redis
{
    $client = new Redis();
    $client->connect('127.0.0.1', (int) $port);
    $client->auth(['alice', 'wonderland']);
    return $client;
}

/** phpredis throws an error reply, but gives one whose code is ERR as false, and its text apart. */
function ask(Redis $client, string ...$words): mixed
{
    $client->clearLastError();
    $reply = $client->rawCommand(...$words);
    if ($reply === false && $client->getLastError() !== null) {
        throw new RuntimeException($client->getLastError());
    }
    return $reply;
}

$shop = new Redis();
$buy = ['PURCHASE', '1001', '2', 'ORDER', 'buy-1'];
$at = null;

step('connect', function () use (&$shop, $port) {
    $shop = connectTo($port);
    expect($shop->ping() === true, 'no PONG');
    expect(field(ask($shop, 'WHOAMI'), 'user') === 'alice', 'not alice');
});
step('inventory', function () use (&$shop) {
    [$item] = ask($shop, 'INVENTORY', '1001');
    expect(field($item, 'name') === 'Käse', $item);
});
step('purchase', function () use (&$shop, $buy, &$at) {
    $receipt = ask($shop, ...$buy);
    $at = field($receipt, 'at');
    expect(field($receipt, 'order') === 'buy-1' && !isReplayed($receipt), $receipt);
});
step('replay', function () use (&$shop, $buy, &$at) {
    $receipt = ask($shop, ...$buy);
    expect(isReplayed($receipt) && field($receipt, 'at') === $at, $receipt);
});
step('refusal', function () use (&$shop) {
    try {
        $reply = $shop->rawCommand('PURCHASE', '1002', '9', 'ORDER', 'refused-1');
    } catch (RedisException $error) {
        expect(str_starts_with($error->getMessage(), 'NOSTOCK '), $error->getMessage());
        return 'RedisException';
    }
    expect(false, $reply);
});
step('pipeline', function () use (&$shop) {
    $pipe = $shop->pipeline();
    foreach (pipeIds() as $id) {
        $pipe->rawCommand('PURCHASE', '1001', '1', 'ORDER', $id);
    }
    $receipts = $pipe->exec();
    expect(orders($receipts) === pipeIds(), $receipts[0]);
});
step('transaction', function () use (&$shop) {
    $receipts = $shop->multi()
        ->rawCommand('PURCHASE', '1001', '1', 'ORDER', 'tx-1')
        ->rawCommand('PURCHASE', '1001', '1', 'ORDER', 'tx-2')
        ->exec();
    expect(is_array($receipts) && orders($receipts) === ['tx-1', 'tx-2'], $receipts);
});
step('abort', function () use (&$shop) {
    $shop->multi();
    $shop->rawCommand('PURCHASE', '1001', '1', 'ORDER', 'abort-1');
    // exec() of phpredis 5.3 never returns after this, with Redis itself too.
    $reply = $shop->rawCommand('PURCHASE', '1001', 'none');
    expect($reply === false, 'no error');
    $shop->discard();
    expect($shop->ping() === true, 'no PONG');
    return 'false';
});
step('restart', function () use (&$shop, &$at) {
    restart();
    [$receipt, $errors] = untilAnswered(fn () => ask($shop, 'ORDER', 'buy-1'), RedisException::class);
    expect(field($receipt, 'at') === $at, $receipt);
    return $errors;
});
step('cut', function () use ($cutPort) {
    $other = connectTo($cutPort);
    return cut(fn () => ask($other, 'PURCHASE', '1001', '1', 'ORDER', 'cut-1'), RedisException::class);
});
step('close', function () use (&$shop) {
    $shop->close();
});
