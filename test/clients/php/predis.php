<?php
// Predis: php predis.php PORT CUT_PORT
require 'Predis/Autoloader.php';
require __DIR__ . '/steps.php';

use Predis\Command\RawCommand;
use Predis\Connection\ConnectionException;

Predis\Autoloader::register();
[, $port, $cutPort] = $argv;
echo 'version ', Predis\Client::VERSION, "\n";

function connectTo(string $port): Predis\Client
{
    return new Predis\Client([
        'host' => '127.0.0.1',
        'port' => (int) $port,
        'username' => 'alice',
        'password' => 'wonderland',
        'database' => 0,
    ]);
}

function ask($client, string ...$words): mixed
{
    return $client->executeCommand(new RawCommand($words));
}

$shop = connectTo($port);
$buy = ['PURCHASE', '1001', '2', 'ORDER', 'buy-1'];
$at = null;

step('connect', function () use ($shop) {
    expect((string) $shop->ping() === 'PONG', 'no PONG');
    expect(field(ask($shop, 'WHOAMI'), 'user') === 'alice', 'not alice');
});
step('inventory', function () use ($shop) {
    [$item] = ask($shop, 'INVENTORY', '1001');
    expect(field($item, 'name') === 'Käse', $item);
});
step('purchase', function () use ($shop, $buy, &$at) {
    $receipt = ask($shop, ...$buy);
    $at = field($receipt, 'at');
    expect(field($receipt, 'order') === 'buy-1' && !isReplayed($receipt), $receipt);
});
step('replay', function () use ($shop, $buy, &$at) {
    $receipt = ask($shop, ...$buy);
    expect(isReplayed($receipt) && field($receipt, 'at') === $at, $receipt);
});
step('refusal', function () use ($shop) {
    try {
        $reply = ask($shop, 'PURCHASE', '1002', '9', 'ORDER', 'refused-1');
    } catch (Predis\Response\ServerException $error) {
        expect($error->getErrorType() === 'NOSTOCK', $error->getMessage());
        return 'ServerException';
    }
    expect(false, $reply);
});
step('pipeline', function () use ($shop) {
    $receipts = $shop->pipeline(function ($pipe) {
        foreach (pipeIds() as $id) {
            ask($pipe, 'PURCHASE', '1001', '1', 'ORDER', $id);
        }
    });
    expect(orders($receipts) === pipeIds(), $receipts[0]);
});
step('transaction', function () use ($shop) {
    $receipts = $shop->transaction(function ($transaction) {
        ask($transaction, 'PURCHASE', '1001', '1', 'ORDER', 'tx-1');
        ask($transaction, 'PURCHASE', '1001', '1', 'ORDER', 'tx-2');
    });
    expect(orders($receipts) === ['tx-1', 'tx-2'], $receipts);
});
step('abort', function () use ($shop) {
    try {
        $reply = $shop->transaction(function ($transaction) {
            ask($transaction, 'PURCHASE', '1001', '1', 'ORDER', 'abort-1');
            ask($transaction, 'PURCHASE', '1001', 'none');
        });
    } catch (Predis\PredisException $error) {
        return (new ReflectionClass($error))->getShortName();
    }
    expect(false, $reply);
});
step('restart', function () use ($shop, &$at) {
    restart();
    [$receipt, $errors] = untilAnswered(fn () => ask($shop, 'ORDER', 'buy-1'), ConnectionException::class);
    expect(field($receipt, 'at') === $at, $receipt);
    return $errors;
});
step('cut', function () use ($cutPort) {
    $other = connectTo($cutPort);
    return cut(fn () => ask($other, 'PURCHASE', '1001', '1', 'ORDER', 'cut-1'), ConnectionException::class);
});
step('close', function () use ($shop) {
    $shop->disconnect();
});
