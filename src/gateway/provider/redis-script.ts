// What Redis runs: each script alone, with its own clock. A bucket is a hash of its level and of when that was so.

export interface Scripts {
  /** @returns 0, or the place of the first that does not fit, from 1, and the milliseconds until it does. */
  flowsteadCharge(keys: number, ...args: (string | number)[]): Promise<[number, number]>;
  flowsteadCatchUp(keys: number, ...args: (string | number)[]): Promise<unknown>;
}

const HEAD = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function read(key, size)
  local found = redis.call('HMGET', key, 'level', 'at')
  local level, at = tonumber(found[1]) or size, tonumber(found[2]) or now
  return math.min(size, level + (now - at) * size / 60000)
end
local function write(key, size, level)
  redis.call('HSET', key, 'level', string.format('%.6f', level), 'at', string.format('%d', now))
  redis.call('PEXPIRE', key, math.ceil((size - level) * 60000 / size) + 60000)
end`;

/** Whether it is done even where there is not enough; then for each key the size of its bucket and the amount. All or none. */
export const CHARGE = `${HEAD}
local force = ARGV[1] == '1'
local levels = {}
for i = 1, #KEYS do
  local size, amount = tonumber(ARGV[i * 2]), tonumber(ARGV[i * 2 + 1])
  local level = read(KEYS[i], size)
  if not force and level + 1e-6 < amount then
    return {i, math.ceil((amount - level) * 60000 / size)}
  end
  levels[i] = math.min(size, level - amount)
end
for i = 1, #KEYS do
  write(KEYS[i], tonumber(ARGV[i * 2]), levels[i])
end
return {0, 0}`;

/**
 * For each key the size of its bucket, what was taken while Redis was away, and the level that is left by what this process alone
 * has taken: with others, it cannot be more.
 */
export const CATCH_UP = `${HEAD}
for i = 1, #KEYS do
  local size, taken, most = tonumber(ARGV[i * 3 - 2]), tonumber(ARGV[i * 3 - 1]), tonumber(ARGV[i * 3])
  write(KEYS[i], size, math.min(read(KEYS[i], size) - taken, most))
end
return 0`;
