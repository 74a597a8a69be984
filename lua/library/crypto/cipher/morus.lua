-- `cipher.morus`: MORUS-1280-128 and MORUS-1280-256, by Hongjun Wu and Tao Huang, version 2 (CAESAR 2016).
-- Process API 14.7.
local concat, pack, rep, sub, unpack = table.concat, string.pack, string.rep, string.sub, string.unpack

local import = ...
local input = import(".crypto.input")
local result = import(".crypto.result")

local tagSize = 16

-- A block and each of the five parts of the state are four words of 64 bits, the lowest first.
local blockSize, blockFormat = 32, "<I8I8I8I8"

-- By round: how many bits each word of one part is rotated by, and how many words another part is.
local bitRotations, wordRotations = { 13, 46, 38, 7, 4 }, { 1, 2, 3, 2, 1 }

-- Fibonacci numbers, modulo 256.
local constant = "\0\1\1\2\3\5\8\13\21\34\55\89\144\233\121\98\219\61\24\85\109\194\47\241\32\17\49\66\115\181\40\221"

local function wordsOf(text, position)
  return { unpack(blockFormat, text, position) }
end

-- StateUpdate, with a block of the message.
local function update(state, block)
  for round = 1, 5 do
    local target, first, second, third =
      state[round], state[round % 5 + 1], state[(round + 1) % 5 + 1], state[(round + 2) % 5 + 1]
    local left = bitRotations[round]
    local right = 64 - left
    for index = 1, 4 do
      local word = target[index] ~ (first[index] & second[index]) ~ third[index]
      if round > 1 then
        word = word ~ block[index]
      end
      target[index] = word << left | word >> right
    end
    local words = wordRotations[round]
    third[words + 1], third[(words + 1) % 4 + 1], third[(words + 2) % 4 + 1], third[(words + 3) % 4 + 1] =
      third[1], third[2], third[3], third[4]
  end
end

-- What the state gives to hide a block with: four words.
local function keystream(state)
  local s0, s1, s2, s3 = state[1], state[2], state[3], state[4]
  return s0[1] ~ s1[2] ~ (s2[1] & s3[1]), s0[2] ~ s1[3] ~ (s2[2] & s3[2]),
    s0[3] ~ s1[4] ~ (s2[3] & s3[3]), s0[4] ~ s1[1] ~ (s2[4] & s3[4])
end

local function initialize(key, iv)
  local keyText = #key == 16 and key .. key or key
  local keyWords = wordsOf(keyText)
  local state = {
    wordsOf(iv .. rep("\0", 16)),
    wordsOf(keyText),
    { -1, -1, -1, -1 },
    { 0, 0, 0, 0 },
    wordsOf(constant),
  }
  for _ = 1, 16 do
    update(state, { 0, 0, 0, 0 })
  end
  for index = 1, 4 do
    state[2][index] = state[2][index] ~ keyWords[index]
  end
  return state
end

local function padded(text)
  return text .. rep("\0", -#text % blockSize)
end

-- Encrypts or decrypts a text. It is the plain text that goes into the state.
local function crypt(state, text, decrypts)
  local parts = {}
  for position = 1, #text, blockSize do
    local piece = sub(text, position, position + blockSize - 1)
    local a, b, c, d = unpack(blockFormat, padded(piece))
    local w, x, y, z = keystream(state)
    local other = sub(pack(blockFormat, a ~ w, b ~ x, c ~ y, d ~ z), 1, #piece)
    update(state, wordsOf(padded(decrypts and other or piece)))
    parts[#parts + 1] = other
  end
  return concat(parts)
end

local function tag(state, headerSize, textSize)
  for index = 1, 4 do
    state[5][index] = state[5][index] ~ state[1][index]
  end
  for _ = 1, 10 do
    update(state, { headerSize * 8, textSize * 8, 0, 0 })
  end
  return sub(pack(blockFormat, keystream(state)), 1, tagSize)
end

-- Checks key and iv, encrypts or decrypts, and gives the text and the tag.
local function run(name, key, iv, additional, text, decrypts)
  key = input.sized(name, "the key", key, 16, 32)
  local state = initialize(key, input.sized(name, "the iv", iv, 16))
  local blocks = padded(additional)
  for position = 1, #blocks, blockSize do
    update(state, wordsOf(blocks, position))
  end
  local other = crypt(state, text, decrypts)
  return other, tag(state, #additional, #text)
end

local morus = {}

-- Gives a result: the additional data as it is, the hidden message, a tag of 16 bytes.
function morus.encrypt(key, iv, message, additional)
  local name = "cipher.morus.encrypt"
  message = input.text(name, "the message", message)
  additional = input.text(name, "the additional data", additional or "")
  local hidden, tag = run(name, key, iv, additional, message, false)
  return result(additional .. hidden .. tag)
end

-- Takes what `encrypt` made, as a string, and how many bytes of additional data it begins with. Gives the message as a
-- string; or nil and "decrypt error", if a bit of it, the key or the iv is another one.
function morus.decrypt(key, iv, encrypted, additionalSize)
  local name = "cipher.morus.decrypt"
  encrypted = input.text(name, "the cipher", encrypted)
  additionalSize = input.integer(name, "adLen", additionalSize or 0, 0)
  local additional = sub(encrypted, 1, additionalSize)
  local hidden, expected = sub(encrypted, additionalSize + 1, -tagSize - 1), sub(encrypted, -tagSize)
  local message, tag = run(name, key, iv, additional, hidden, true)
  -- What is too short for a tag has a wrong one.
  if tag ~= expected then
    return nil, "decrypt error"
  end
  return message
end

return morus
