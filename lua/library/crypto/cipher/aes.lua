-- `cipher.aes`: AES (FIPS 197) in the modes of NIST SP 800-38A. Process API 14.7.
local concat, pack, rep, sub, unpack = table.concat, string.pack, string.rep, string.sub, string.unpack

local import = ...
local aes = import(".crypto.cipher.aes-block")
local input = import(".crypto.input")
local result = import(".crypto.result")
local toUpperHex = import(".crypto.bytes").toUpperHex

local encryptBlock, decryptBlock = aes.encrypt, aes.decrypt

-- A block is two halves of 64 bits. A step takes the keys, a block that is carried along (at first the iv), and the
-- next block of data. It gives the block that comes out, and the one to carry along.

local function ecbEncrypt(keys, high, low, a, b)
  a, b = encryptBlock(keys, a, b)
  return a, b, high, low
end

local function ecbDecrypt(keys, high, low, a, b)
  a, b = decryptBlock(keys, a, b)
  return a, b, high, low
end

local function cbcEncrypt(keys, high, low, a, b)
  a, b = encryptBlock(keys, a ~ high, b ~ low)
  return a, b, a, b
end

local function cbcDecrypt(keys, high, low, a, b)
  local c, d = decryptBlock(keys, a, b)
  return c ~ high, d ~ low, a, b
end

local function cfbEncrypt(keys, high, low, a, b)
  high, low = encryptBlock(keys, high, low)
  return a ~ high, b ~ low, a ~ high, b ~ low
end

local function cfbDecrypt(keys, high, low, a, b)
  high, low = encryptBlock(keys, high, low)
  return a ~ high, b ~ low, a, b
end

local function ofb(keys, high, low, a, b)
  high, low = encryptBlock(keys, high, low)
  return a ~ high, b ~ low, high, low
end

-- The counter is the whole block.
local function ctr(keys, high, low, a, b)
  local c, d = encryptBlock(keys, high, low)
  low = low + 1
  return a ~ c, b ~ d, low == 0 and high + 1 or high, low
end

-- By mode: the two steps, and whether it decrypts whole blocks with the inverse cipher.
local modes = {
  CBC = { encrypt = cbcEncrypt, decrypt = cbcDecrypt, inverse = true },
  ECB = { encrypt = ecbEncrypt, decrypt = ecbDecrypt, inverse = true },
  CFB = { encrypt = cfbEncrypt, decrypt = cfbDecrypt },
  OFB = { encrypt = ofb, decrypt = ofb },
  CTR = { encrypt = ctr, decrypt = ctr },
}

local function run(step, keys, iv, text)
  local padded = text .. rep("\0", -#text % 16)
  local high, low = unpack(">i8i8", iv)
  local parts = {}
  for position = 1, #padded, 16 do
    local a, b = unpack(">i8i8", padded, position)
    a, b, high, low = step(keys, high, low, a, b)
    parts[#parts + 1] = pack(">i8i8", a, b)
  end
  return concat(parts)
end

local zeros = rep("\0", 16)

local function keySize(keyLength)
  return (keyLength == 192 or keyLength == 256) and keyLength // 8 or 16
end

local cipher = {}

-- `mode` is CBC (also in place of any other), ECB, CFB, OFB or CTR; `keyLength` is 128 (in the same way), 192 or 256.
-- The data is padded with zeros to whole blocks of 16 bytes. In mode ECB the iv is a text that is encrypted before the
-- data: give "" there.
function cipher.encrypt(data, key, iv, mode, keyLength)
  local name = "cipher.aes.encrypt"
  data = input.text(name, "the data", data)
  key = input.sized(name, "the key", key, keySize(keyLength))
  if mode == "ECB" then
    data, iv = input.text(name, "the iv", iv or zeros) .. data, zeros
  end
  iv = input.sized(name, "the iv", iv or zeros, 16)
  return result(run((modes[mode] or modes.CBC).encrypt, aes.schedule(key), iv, data), toUpperHex)
end

-- Takes hex digits. The zeros at the end stay: nobody knows whether they were data.
function cipher.decrypt(hex, key, iv, mode, keyLength)
  local name = "cipher.aes.decrypt"
  local data = input.hex(name, "the data", hex)
  key = input.sized(name, "the key", key, keySize(keyLength))
  local steps = modes[mode] or modes.CBC
  iv = mode == "ECB" and zeros or input.sized(name, "the iv", iv or zeros, 16)
  if steps.inverse then
    if #data % 16 > 0 then
      input.fail("crypto." .. name .. ": the data must be whole blocks of 16 bytes; it has " .. #data)
    end
    return result(run(steps.decrypt, aes.inverseSchedule(key), iv, data), toUpperHex)
  end
  return result(sub(run(steps.decrypt, aes.schedule(key), iv, data), 1, #data), toUpperHex)
end

return cipher
