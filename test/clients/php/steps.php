<?php
// What the programs of this folder share: the steps as the campaign reads them.

function step(string $name, callable $run): void
{
    try {
        $remark = $run() ?? '';
        echo "ok $name $remark\n";
    } catch (Throwable $error) {
        echo "failed $name ", get_class($error), ': ', strtr($error->getMessage(), "\n", ' '), "\n";
    }
}

function expect(bool $isTrue, mixed $what): void
{
    if (!$isTrue) {
        throw new Exception('unexpected: ' . json_encode($what));
    }
}

function field(array $reply, string $name): mixed
{
    return $reply[array_search($name, $reply, true) + 1];
}

function isReplayed(array $receipt): bool
{
    return field($receipt, 'replayed') === 1;
}

function untilAnswered(callable $ask, string $lost): array
{
    for ($errors = 0; ; $errors++) {
        try {
            return [$ask(), $errors === 0 ? 'no error' : "$errors errors"];
        } catch (Exception $error) {
            if (!($error instanceof $lost) || $errors === 50) {
                throw $error;
            }
            usleep(100_000);
        }
    }
}

function cut(callable $purchase, string $lost): string
{
    try {
        $receipt = $purchase();
        $remark = 'sends again';
    } catch (Exception $error) {
        if (!($error instanceof $lost)) {
            throw $error;
        }
        [$receipt] = untilAnswered($purchase, $lost);
        $remark = 'tells';
    }
    expect(isReplayed($receipt), $receipt);
    return $remark;
}

function restart(): void
{
    echo "restart\n";
    fgets(STDIN);
}

function pipeIds(): array
{
    return array_map(fn ($index) => "pipe-$index", range(0, 999));
}

function orders(array $receipts): array
{
    return array_map(fn ($receipt) => field($receipt, 'order'), $receipts);
}
