# Redis.pm: perl redis.pl PORT CUT_PORT
use strict;
use warnings;
use Redis;
use Time::HiRes 'sleep';

my ($port, $cut_port) = @ARGV;
$| = 1;
print "version $Redis::VERSION\n";

sub connect_to {
    return Redis->new(
        server    => "127.0.0.1:$_[0]",
        username  => 'alice',
        password  => 'wonderland',
        reconnect => 5,
    );
}

sub step {
    my ($name, $run) = @_;
    my $remark = eval { $run->() // '' };
    my $error = $@;
    $error =~ s/\n/ /g;
    print defined $remark ? "ok $name $remark\n" : "failed $name $error\n";
}

sub field {
    my ($reply, $name) = @_;
    for my $index (0 .. $#$reply - 1) {
        return $reply->[$index + 1] if $reply->[$index] eq $name;
    }
    die "no $name in the reply";
}

# A reply of several values is a list in list context.
sub receipt { return [@_] }

my @buy = qw(1001 2 ORDER buy-1);
my ($shop, $at);

step connect => sub {
    $shop = connect_to($port);
    $shop->ping eq 'PONG' or die 'no PONG';
    field(receipt($shop->whoami), 'user') eq 'alice' or die 'not alice';
    return;
};
step inventory => sub {
    my ($item) = $shop->inventory(1001);
    field($item, 'name') eq "K\xc3\xa4se" or die 'another name';
    return;
};
step purchase => sub {
    my $receipt = receipt($shop->purchase(@buy));
    $at = field($receipt, 'at');
    die 'replayed' if field($receipt, 'replayed');
    return;
};
step replay => sub {
    my $receipt = receipt($shop->purchase(@buy));
    field($receipt, 'replayed') && field($receipt, 'at') == $at or die 'not replayed';
    return;
};
step refusal => sub {
    my @reply = eval { $shop->purchase(qw(1002 9 ORDER refused-1)) };
    die "no error, but @reply" if @reply;
    $@ =~ /^\[purchase\] NOSTOCK / or die "another error: $@";
    return 'die';
};
step pipeline => sub {
    my @orders;
    for my $index (0 .. 999) {
        $shop->purchase(1001, 1, 'ORDER', "pipe-$index", sub {
            my ($reply, $error) = @_;
            push @orders, defined $error ? $error : field($reply, 'order');
        });
    }
    $shop->wait_all_responses;
    "@orders" eq join ' ', map { "pipe-$_" } 0 .. 999 or die "another order: $orders[0]";
    return;
};
step transaction => sub {
    $shop->multi;
    $shop->purchase(qw(1001 1 ORDER tx-1));
    $shop->purchase(qw(1001 1 ORDER tx-2));
    my @receipts = $shop->exec;
    @receipts == 2 && field($receipts[1], 'order') eq 'tx-2' or die 'no receipts';
    return;
};
step abort => sub {
    $shop->multi;
    $shop->purchase(qw(1001 1 ORDER abort-1));
    eval { $shop->purchase(qw(1001 none)) };
    my @reply = eval { $shop->exec };
    die "no error, but @reply" if @reply;
    $@ =~ /EXECABORT/ or die "another error: $@";
    return 'die';
};
step restart => sub {
    print "restart\n";
    <STDIN>;
    my $receipt = receipt($shop->order('buy-1'));
    field($receipt, 'at') == $at or die 'another order';
    return 'no error';
};
step cut => sub {
    my $other = connect_to($cut_port);
    my $buy = sub { receipt($other->purchase(qw(1001 1 ORDER cut-1))) };
    my $receipt = eval { $buy->() };
    my $remark = $receipt ? 'sends again' : 'tells';
    $receipt ||= $buy->();
    field($receipt, 'replayed') or die 'not replayed';
    return $remark;
};
step close => sub { $shop->quit; return };
