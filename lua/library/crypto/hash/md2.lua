-- MD2, RFC 1319.
local byte, char, concat, move, rep, unpackArray =
  string.byte, string.char, table.concat, table.move, string.rep, table.unpack

local import = ...
local fromHex = import(".crypto.bytes").fromHex

-- A permutation of the bytes, made from the digits of pi.
local substitution = { byte(fromHex(
  "292e43c9a2d87c013d3654a1ecf0061362a705f3c0c7738c98932bd9bc4c82ca1e9b573cfdd4e01667426f188a17e512"
  .. "be4ec4d6da9ede49a0fbf58ebb2fee7aa968799115b2073f94c210890b225f21807f5d9a5a903227353ecce7bff79703"
  .. "ff1930b348a5b5d1d75e922aac56aac64fb838d296a47db676fc6be29c7404f1459d705964718720865bcf65e62da802"
  .. "1b6025adaeb0b9f61c46616934407e0f5547a323dd51af3ac35cf9cebac5ea262c530d6e85288409d3dfcdf441814d52"
  .. "6adc37c86cc1abfa24e17b080cbdb14a7888958be363e86de9cbd5fe3b001d39f2efb70e6658d0e4a67772f8eb754b0a"
  .. "314450b48fed1f1adb998d339f118314"
), 1, -1) }
move(substitution, 1, 256, 0)

-- Works one block of 16 bytes into the state of 48.
local function compress(state, block)
  for index = 1, 16 do
    state[index + 16] = block[index]
    state[index + 32] = block[index] ~ state[index]
  end
  local last = 0
  for round = 0, 17 do
    for index = 1, 48 do
      last = state[index] ~ substitution[last]
      state[index] = last
    end
    last = (last + round) & 0xFF
  end
end

return function(text)
  local missing = 16 - #text % 16
  local padded = concat({ text, rep(char(missing), missing) })
  local state, checksum, last = {}, {}, 0
  for index = 1, 48 do
    state[index] = 0
  end
  for index = 1, 16 do
    checksum[index] = 0
  end
  for position = 1, #padded, 16 do
    local block = { byte(padded, position, position + 15) }
    for index = 1, 16 do
      last = checksum[index] ~ substitution[block[index] ~ last]
      checksum[index] = last
    end
    compress(state, block)
  end
  compress(state, checksum)
  return char(unpackArray(state, 1, 16))
end
