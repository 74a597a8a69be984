-- `cipher.issac`: the generator ISAAC, and a Vigenere cipher over the printable characters, whose key letters come from
-- it. Process API 14.7.
local byte, char, concat, format = string.byte, string.char, table.concat, string.format

local import = ...
local input = import(".crypto.input")
local isaac = import(".crypto.isaac")
local result = import(".crypto.result")

-- The alphabet: 95 characters, from the blank to the tilde.
local first, count = 32, 95

local issac = { random = import(".crypto.random") }

local function noSeed()
  input.fail("crypto.cipher.issac: there is no seed yet; call seedIsaac(seed) first")
end

-- What `getRandom` and `getRandomChar` read.
local generator = noSeed

-- With `mixed` false the seed does not count.
function issac.seedIsaac(seed, mixed)
  seed = input.text("cipher.issac.seedIsaac", "the seed", seed)
  generator = isaac(mixed ~= false and seed or nil)
end

-- The next number, from 0 to 2^32 - 1.
function issac.getRandom()
  return generator()
end

-- The code of a printable character, from 32 to 126.
function issac.getRandomChar()
  return generator() % count + first
end

-- Moves each character by the key's, forwards (1) or backwards (-1) around the alphabet.
local function shift(name, text, key, direction)
  local next = isaac(input.text(name, "the key", key))
  local parts = {}
  for index = 1, #input.text(name, "the message", text) do
    local code = byte(text, index) - first
    if code < 0 or code >= count then
      local message = "crypto.%s: the message must be printable ASCII (bytes 32 to 126); byte %d is %d"
      input.fail(format(message, name, index, code + first))
    end
    parts[index] = char((code + direction * (next() % count + first)) % count + first)
  end
  return concat(parts)
end

-- Gives a result of printable characters.
function issac.encrypt(message, key)
  return result(shift("cipher.issac.encrypt", message, key, 1))
end

-- Takes the result's string, and gives the message as a string.
function issac.decrypt(text, key)
  return shift("cipher.issac.decrypt", text, key, -1)
end

return issac
