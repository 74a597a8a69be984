-- `require(".crypto").digest`: hashes of streams and of strings, each with a result to read. Process API 14.7.
local unpack = string.unpack

local import = ...
local blake2b = import(".crypto.hash.blake2b")
local keccak = import(".crypto.hash.keccak")
local input = import(".crypto.input")
local md2 = import(".crypto.hash.md2")
local md4 = import(".crypto.hash.md4")
local md5 = import(".crypto.hash.md5")
local result = import(".crypto.result")
local sha1 = import(".crypto.hash.sha1")
local sha2_256 = import(".crypto.hash.sha2_256")
local sha2_512 = import(".crypto.hash.sha2_512")

local digest = {}

-- Takes a stream, and leaves it empty.
local function ofStream(name, hash)
  digest[name] = function(stream)
    return result(hash(input.stream("digest." .. name, "the message", stream)))
  end
end

local function ofString(name, hash)
  digest[name] = function(text)
    return result(hash(input.text("digest." .. name, "the message", text)))
  end
end

ofStream("md2", md2)
ofStream("md4", md4.hash)
ofStream("md5", md5.hash)
ofStream("sha1", sha1.hash)
ofStream("sha2_256", sha2_256.hash)

ofString("sha3_256", keccak(32, 6))
ofString("sha3_512", keccak(64, 6))
ofString("keccak256", keccak(32, 1))
ofString("keccak512", keccak(64, 1))

-- Unlike all others, `asBytes` gives the digest as eight words of 64 bits.
function digest.sha2_512(text)
  local hash = sha2_512.hash(input.text("digest.sha2_512", "the message", text))
  local answer = result(hash)
  function answer.asBytes()
    local words = { unpack(">i8i8i8i8i8i8i8i8", hash) }
    words[9] = nil
    return words
  end
  return answer
end

-- `size` is that of the digest in bytes, from 1 to 64 (the default). A key, of at most 64 bytes, makes it a code of
-- authentication.
function digest.blake2b(text, size, key)
  local name = "digest.blake2b"
  text = input.text(name, "the message", text)
  size = input.integer(name, "outlen", size or 64, 1, 64)
  key = input.text(name, "the key", key or "")
  input.integer(name, "the size of the key", #key, 0, 64)
  return result(blake2b(text, size, key))
end

return digest
