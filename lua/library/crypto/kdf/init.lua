-- `require(".crypto").kdf`: PBKDF2, RFC 8018 5.2. Process API 14.7.
local concat, pack, rep, sub, unpack, unpackArray =
  table.concat, string.pack, string.rep, string.sub, string.unpack, table.unpack

local import = ...
local hmac = import(".crypto.mac.hmac")
local input = import(".crypto.input")
local result = import(".crypto.result")
local toUpperHex = import(".crypto.bytes").toUpperHex

local kdf = {}

-- Password and salt are arrays of bytes, `keySize` is in bytes. `algorithm` is "sha1" (also if left out) or "sha256".
function kdf.pbkdf2(password, salt, iterations, keySize, algorithm)
  local name = "kdf.pbkdf2"
  password = input.array(name, "the password", password)
  salt = input.array(name, "the salt", salt)
  iterations = input.integer(name, "iterations", iterations, 1)
  keySize = input.integer(name, "keyLen", keySize, 1)
  local authenticate = hmac(algorithm or "sha1", password, 64)

  local parts, size = {}, 0
  while size < keySize do
    local link = authenticate(salt .. pack(">I4", #parts + 1))
    local format = ">" .. rep("I4", #link // 4)
    local words = { unpack(format, link) }
    local count = #words - 1
    for _ = 2, iterations do
      link = authenticate(link)
      local linkWords = { unpack(format, link) }
      for index = 1, count do
        words[index] = words[index] ~ linkWords[index]
      end
    end
    parts[#parts + 1] = pack(format, unpackArray(words, 1, count))
    size = size + #link
  end
  return result(sub(concat(parts), 1, keySize), toUpperHex)
end

return kdf
