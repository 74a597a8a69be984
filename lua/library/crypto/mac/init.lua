-- `require(".crypto").mac`. Process API 14.7.
local import = ...
local hmac = import(".crypto.mac.hmac")
local input = import(".crypto.input")
local result = import(".crypto.result")

-- Not the 64 bytes of RFC 2104, so the codes are other ones than elsewhere. Processes have stored and compared them.
local blockSize = 32

local mac = {}

-- Takes a stream, which it leaves empty, and an array of bytes. `algorithm` is "sha1" (also if left out) or "sha256".
function mac.createHmac(stream, key, algorithm)
  local name = "mac.createHmac"
  local message = input.stream(name, "the message", stream)
  local authenticate = hmac(algorithm or "sha1", input.array(name, "the key", key), blockSize)
  return result(authenticate(message))
end

return mac
