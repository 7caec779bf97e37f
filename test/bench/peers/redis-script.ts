/**
 * The purchase as a Lua script for Redis: the same checks in the same order as inv's rules, for an
 * order of one line, and the same facts kept and answered.
 */
import { hash } from 'node:crypto';

/** ARGV: token, UPC, quantity, order id. An order is kept as "upc qty at available", or "upc qty at CODE sentence". */
export const SCRIPT = `
local user = redis.call('HGET', 'logins', ARGV[1])
if not user then return redis.error_reply('NOAUTH log in first') end
local upc, qty, id = ARGV[2], ARGV[3], ARGV[4]
local key = 'order:' .. user .. ':' .. id

local first = redis.call('GET', key)
if first then
  local wasUpc, wasQty, at, outcome = string.match(first, '^(%d+) (%d+) (%d+) (.+)$')
  if wasUpc ~= upc or wasQty ~= qty then
    return redis.error_reply('ORDERREUSED that order id was used for another order')
  end
  if not tonumber(outcome) then return redis.error_reply(outcome) end
  return { id, tonumber(at), 1, tonumber(upc), tonumber(qty), tonumber(outcome) }
end

local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000)
local head = upc .. ' ' .. qty .. ' ' .. string.format('%d', at) .. ' '
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
local left = redis.call('HINCRBY', 'stock', upc, -qty)
redis.call('SET', key, head .. string.format('%d', left))
return { id, at, 0, tonumber(upc), tonumber(qty), left }
`;

/** Redis names a loaded script by this. */
export const SCRIPT_SHA = hash('sha1', SCRIPT);
