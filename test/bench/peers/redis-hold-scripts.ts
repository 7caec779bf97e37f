/**
 * Holds as Lua scripts for Redis: the same checks in the same order as inv's rules, for a hold of one line, and the
 * same facts kept and answered. A sorted set knows when live holds end; each script first gives back the
 * units of some that have ended, as the purchase of a shop with holds would too.
 */
import { hash } from 'node:crypto';

/** The sorted set of the keys of live holds, by the milliseconds since 1970 at which they end. */
export const HOLD_ENDS = 'hold-ends';

/** How many ended holds a request gives back at most: those who ask must not wait for all of them. */
const SWEPT_AT_ONCE = 100;

/**
 * A hold is kept as "hold upc qty seconds at left until held", "… bought ended" when it was confirmed, or
 * "hold upc qty seconds at CODE sentence". Whether one has expired is told by its time, swept or not.
 */
const HEAD = `
local user = redis.call('HGET', 'logins', ARGV[1])
if not user then return redis.error_reply('NOAUTH log in first') end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function whole(number) return string.format('%d', number) end

local ended = redis.call('ZRANGEBYSCORE', '${HOLD_ENDS}', '-inf', whole(now), 'LIMIT', 0, ${SWEPT_AT_ONCE})
for _, key in ipairs(ended) do
  local upc, qty = string.match(redis.call('GET', key), '^hold (%d+) (%d+) ')
  redis.call('HINCRBY', 'stock', upc, qty)
  redis.call('ZREM', '${HOLD_ENDS}', key)
end

local HOLD = '^hold (%d+) (%d+) (%d+) (%d+) (.+)$'
local TERMS = '^(%d+) (%d+) (%a+) ?(%d*)$'
`;

/** ARGV: token, UPC, quantity, seconds, order id. */
export const HOLD_SCRIPT = `${HEAD}
local upc, qty, seconds, id = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = 'order:' .. user .. ':' .. id

local first = redis.call('GET', key)
if first then
  local wasUpc, wasQty, wasSeconds, at, outcome = string.match(first, HOLD)
  if wasUpc ~= upc or wasQty ~= qty or wasSeconds ~= seconds then
    return redis.error_reply('ORDERREUSED that order id was used for another order')
  end
  local left, till, state = string.match(outcome, TERMS)
  if not left then return redis.error_reply(outcome) end
  if state == 'held' and tonumber(till) <= now then state = 'expired' end
  return { id, tonumber(at), tonumber(till), 1, state, tonumber(upc), tonumber(qty), tonumber(left) }
end

local head = 'hold ' .. upc .. ' ' .. qty .. ' ' .. seconds .. ' ' .. whole(now) .. ' '
local available = tonumber(redis.call('HGET', 'stock', upc))
local refusal
if not available then
  refusal = 'NOITEM no such UPC: ' .. upc
elseif available < tonumber(qty) then
  refusal = 'NOSTOCK too little stock: ' .. upc .. ' asked ' .. qty .. ' available ' .. available
end
if refusal then
  redis.call('SET', key, head .. refusal)
  return redis.error_reply(refusal)
end
local till = (math.ceil(now / 1000) + tonumber(seconds)) * 1000
local left = redis.call('HINCRBY', 'stock', upc, -qty)
redis.call('SET', key, head .. whole(left) .. ' ' .. whole(till) .. ' held')
redis.call('ZADD', '${HOLD_ENDS}', whole(till), key)
return { id, now, till, 0, 'held', tonumber(upc), tonumber(qty), left }
`;

/** ARGV: token, order id. */
export const CONFIRM_SCRIPT = `${HEAD}
local id = ARGV[2]
local key = 'order:' .. user .. ':' .. id

local first = redis.call('GET', key)
if not first then return redis.error_reply('NOORDER no order has that id') end
local upc, qty, seconds, at, outcome = string.match(first, HOLD)
if not upc then
  upc, qty, at, outcome = string.match(first, '^(%d+) (%d+) (%d+) (.+)$')
  if not tonumber(outcome) then return redis.error_reply('NOHOLD it was refused') end
  return { id, tonumber(at), 1, tonumber(upc), tonumber(qty), tonumber(outcome) }
end
local left, till, state, bought = string.match(outcome, TERMS)
if not left then return redis.error_reply('NOHOLD it was refused') end
if state == 'bought' then
  return { id, tonumber(bought), 1, tonumber(upc), tonumber(qty), tonumber(left) }
end
if tonumber(till) <= now then return redis.error_reply('NOHOLD it expired at ' .. till) end
redis.call('ZREM', '${HOLD_ENDS}', key)
redis.call('SET', key, 'hold ' .. upc .. ' ' .. qty .. ' ' .. seconds .. ' ' .. at .. ' '
  .. left .. ' ' .. till .. ' bought ' .. whole(now))
return { id, now, 0, tonumber(upc), tonumber(qty), tonumber(left) }
`;

export const HOLD_SHA = hash('sha1', HOLD_SCRIPT);
export const CONFIRM_SHA = hash('sha1', CONFIRM_SCRIPT);
