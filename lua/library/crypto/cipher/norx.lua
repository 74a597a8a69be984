-- `cipher.norx`: NORX 64-4-1, by Jean-Philippe Aumasson, Philipp Jovanovic and Samuel Neves, version 3.0 (CAESAR 2016).
-- Process API 14.7.
local concat, move, pack, rep, sub, unpack, unpackArray =
  table.concat, table.move, string.pack, string.rep, string.sub, string.unpack, table.unpack

local import = ...
local input = import(".crypto.input")
local result = import(".crypto.result")

local tagSize, rounds = 32, 4

-- The state is 16 words of 64 bits. Twelve of them, the rate, take in and give out data.
local rateSize, rateFormat = 96, "<" .. rep("I8", 12)
local keyFormat = "<I8I8I8I8"

-- What tells the phases apart; it goes into the last word.
local headerPhase, messagePhase, trailerPhase, tagPhase = 1, 2, 4, 8

local function mix(state, ia, ib, ic, id)
  local a, b, c, d = state[ia], state[ib], state[ic], state[id]
  a = a ~ b ~ (a & b) << 1
  d = d ~ a
  d = d >> 8 | d << 56
  c = c ~ d ~ (c & d) << 1
  b = b ~ c
  b = b >> 19 | b << 45
  a = a ~ b ~ (a & b) << 1
  d = d ~ a
  d = d >> 40 | d << 24
  c = c ~ d ~ (c & d) << 1
  b = b ~ c
  state[ia], state[ib], state[ic], state[id] = a, b >> 63 | b << 1, c, d
end

local function round(state)
  mix(state, 1, 5, 9, 13)
  mix(state, 2, 6, 10, 14)
  mix(state, 3, 7, 11, 15)
  mix(state, 4, 8, 12, 16)
  mix(state, 1, 6, 11, 16)
  mix(state, 2, 7, 12, 13)
  mix(state, 3, 8, 9, 14)
  mix(state, 4, 5, 10, 15)
end

local function permute(state, phase)
  state[16] = state[16] ~ phase
  for _ = 1, rounds do
    round(state)
  end
end

-- The words that a state begins with where neither nonce nor key stand: two rounds over the numbers 0 to 15.
local initial = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }
round(initial)
round(initial)

local function addKey(state, keyWords)
  for index = 1, 4 do
    state[12 + index] = state[12 + index] ~ keyWords[index]
  end
end

local function initialize(nonce, key)
  local keyWords = { unpack(keyFormat, key) }
  local state = { unpack(keyFormat, nonce) }
  move(keyWords, 1, 4, 5, state)
  move(initial, 9, 16, 9, state)
  -- The parameters: bits of a word, rounds, parallelism, bits of the tag.
  state[13], state[14] = state[13] ~ 64, state[14] ~ rounds
  state[15], state[16] = state[15] ~ 1, state[16] ~ tagSize * 8
  permute(state, 0)
  addKey(state, keyWords)
  return state, keyWords
end

-- A piece that is shorter than the rate, made as long.
local function padded(piece)
  local missing = rateSize - #piece
  if missing == 0 then
    return piece
  end
  return piece .. (missing == 1 and "\x81" or "\1" .. rep("\0", missing - 2) .. "\x80")
end

local function addBlock(state, block)
  local words = { unpack(rateFormat, block) }
  for index = 1, 12 do
    state[index] = state[index] ~ words[index]
  end
end

-- The last piece is shorter than the rate, if need be empty. A text that is empty is left out altogether.
local function absorb(state, text, phase)
  for position = 1, text == "" and 0 or #text + 1, rateSize do
    permute(state, phase)
    addBlock(state, padded(sub(text, position, position + rateSize - 1)))
  end
end

-- Encrypts or decrypts a text. It is the plain text that goes into the state.
local function crypt(state, text, decrypts)
  local parts = {}
  for position = 1, text == "" and 0 or #text + 1, rateSize do
    permute(state, messagePhase)
    local piece = sub(text, position, position + rateSize - 1)
    local hiding = move(state, 1, 12, 1, {})
    addBlock(hiding, piece .. rep("\0", rateSize - #piece))
    local other = sub(pack(rateFormat, unpackArray(hiding)), 1, #piece)
    addBlock(state, padded(decrypts and other or piece))
    parts[#parts + 1] = other
  end
  return concat(parts)
end

-- Checks all but the text, encrypts or decrypts it, and gives it and the tag.
local function run(name, key, nonce, text, header, trailer, decrypts)
  key = input.sized(name, "the key", key, 32)
  nonce = input.sized(name, "the nonce", nonce, 32)
  header = input.text(name, "the header", header or "")
  trailer = input.text(name, "the trailer", trailer or "")
  local state, keyWords = initialize(nonce, key)
  absorb(state, header, headerPhase)
  local other = crypt(state, text, decrypts)
  absorb(state, trailer, trailerPhase)
  permute(state, tagPhase)
  addKey(state, keyWords)
  permute(state, 0)
  addKey(state, keyWords)
  return other, pack(keyFormat, unpackArray(state, 13, 16))
end

local norx = {}

-- Gives a result: the hidden message, a tag of 32 bytes. Header and trailer are vouched for by the tag, and not part of
-- the result.
function norx.encrypt(key, nonce, message, header, trailer)
  local name = "cipher.norx.encrypt"
  message = input.text(name, "the message", message)
  local hidden, tag = run(name, key, nonce, message, header, trailer, false)
  return result(hidden .. tag)
end

-- Takes what `encrypt` made, as a string. Gives the message as a string; or nil and "auth failure", if a bit of this or
-- of another argument differs.
function norx.decrypt(key, nonce, encrypted, header, trailer)
  local name = "cipher.norx.decrypt"
  encrypted = input.text(name, "the cipher", encrypted)
  local hidden, expected = sub(encrypted, 1, -tagSize - 1), sub(encrypted, -tagSize)
  local message, tag = run(name, key, nonce, hidden, header, trailer, true)
  if tag ~= expected then
    return nil, "auth failure"
  end
  return message
end

return norx
