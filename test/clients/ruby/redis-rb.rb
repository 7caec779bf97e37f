# redis-rb: ruby redis-rb.rb PORT CUT_PORT
require 'redis'

PORT, CUT_PORT = ARGV.map(&:to_i)
$stdout.sync = true
puts "version #{Redis::VERSION}"

def connect(port)
  Redis.new(host: '127.0.0.1', port: port, username: 'alice', password: 'wonderland')
end

def step(name)
  puts "ok #{name} #{yield}"
rescue StandardError => e
  puts "failed #{name} #{e.class}: #{e.message.tr("\n", ' ')}"
end

def field(reply, name)
  reply[reply.index(name) + 1]
end

def expect(is_true, what)
  raise "unexpected: #{what.inspect}" unless is_true
end

def replayed?(receipt)
  field(receipt, 'replayed') == 1
end

def until_answered
  errors = 0
  begin
    [yield, errors.zero? ? 'no error' : "#{errors} errors"]
  rescue Redis::BaseConnectionError
    errors += 1
    raise if errors > 50

    sleep 0.1
    retry
  end
end

BUY = %w[PURCHASE 1001 2 ORDER buy-1].freeze
shop = connect(PORT)
at = nil

step('connect') do
  expect(shop.ping == 'PONG', 'no PONG')
  expect(field(shop.call('WHOAMI'), 'user') == 'alice', 'not alice')
  nil
end
step('inventory') do
  item = shop.call('INVENTORY', '1001').first
  expect(field(item, 'name').dup.force_encoding('UTF-8') == 'Käse', item)
  nil
end
step('purchase') do
  receipt = shop.call(*BUY)
  at = field(receipt, 'at')
  expect(field(receipt, 'order') == 'buy-1' && !replayed?(receipt), receipt)
  nil
end
step('replay') do
  receipt = shop.call(*BUY)
  expect(replayed?(receipt) && field(receipt, 'at') == at, receipt)
  nil
end
step('refusal') do
  receipt = shop.call('PURCHASE', '1002', '9', 'ORDER', 'refused-1')
  raise "no error, but #{receipt}"
rescue Redis::CommandError => e
  expect(e.message.start_with?('NOSTOCK '), e.message)
  e.class
end
step('pipeline') do
  receipts = shop.pipelined do |pipe|
    1000.times { |index| pipe.call('PURCHASE', '1001', '1', 'ORDER', "pipe-#{index}") }
  end
  expect(receipts.map { |receipt| field(receipt, 'order') } == (0...1000).map { |i| "pipe-#{i}" }, receipts[0])
  nil
end
step('transaction') do
  receipts = shop.multi do |transaction|
    transaction.call('PURCHASE', '1001', '1', 'ORDER', 'tx-1')
    transaction.call('PURCHASE', '1001', '1', 'ORDER', 'tx-2')
  end
  expect(receipts.map { |receipt| field(receipt, 'order') } == %w[tx-1 tx-2], receipts)
  nil
end
step('abort') do
  receipts = shop.multi do |transaction|
    transaction.call('PURCHASE', '1001', '1', 'ORDER', 'abort-1')
    transaction.call('PURCHASE', '1001', 'none')
  end
  raise "no error, but #{receipts}"
rescue Redis::CommandError => e
  e.class
end
step('restart') do
  puts 'restart'
  $stdin.gets
  receipt, errors = until_answered { shop.call('ORDER', 'buy-1') }
  expect(field(receipt, 'at') == at, receipt)
  errors
end
step('cut') do
  other = connect(CUT_PORT)
  buy = -> { other.call('PURCHASE', '1001', '1', 'ORDER', 'cut-1') }
  begin
    receipt = buy.call
    remark = 'sends again'
  rescue Redis::BaseConnectionError
    receipt, = until_answered(&buy)
    remark = 'tells'
  end
  expect(replayed?(receipt), receipt)
  remark
end
step('close') do
  shop.close
  nil
end
