-- Keccak and SHA-3, FIPS 202. They differ in the first byte of the padding: 1 and 6.
local char, pack, rep, unpack, unpackArray = string.char, string.pack, string.rep, string.unpack, table.unpack

local roundConstants = {
  0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
  0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
  0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
  0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
  0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
  0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
}

-- Keccak-f[1600]: takes 25 lanes and gives them back; lane (x, y) is number 5y + x + 1. Written out, because lanes in
-- locals are more than three times as fast as in a table.
local function permute(
  a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25
)
  for round = 1, 24 do
    -- Theta.
    local c1, c2 = a1 ~ a6 ~ a11 ~ a16 ~ a21, a2 ~ a7 ~ a12 ~ a17 ~ a22
    local c3, c4 = a3 ~ a8 ~ a13 ~ a18 ~ a23, a4 ~ a9 ~ a14 ~ a19 ~ a24
    local c5 = a5 ~ a10 ~ a15 ~ a20 ~ a25
    local d1, d2 = c5 ~ (c2 << 1 | c2 >> 63), c1 ~ (c3 << 1 | c3 >> 63)
    local d3, d4 = c2 ~ (c4 << 1 | c4 >> 63), c3 ~ (c5 << 1 | c5 >> 63)
    local d5 = c4 ~ (c1 << 1 | c1 >> 63)
    a1, a6, a11, a16, a21 = a1 ~ d1, a6 ~ d1, a11 ~ d1, a16 ~ d1, a21 ~ d1
    a2, a7, a12, a17, a22 = a2 ~ d2, a7 ~ d2, a12 ~ d2, a17 ~ d2, a22 ~ d2
    a3, a8, a13, a18, a23 = a3 ~ d3, a8 ~ d3, a13 ~ d3, a18 ~ d3, a23 ~ d3
    a4, a9, a14, a19, a24 = a4 ~ d4, a9 ~ d4, a14 ~ d4, a19 ~ d4, a24 ~ d4
    a5, a10, a15, a20, a25 = a5 ~ d5, a10 ~ d5, a15 ~ d5, a20 ~ d5, a25 ~ d5
    -- Rho and Pi.
    a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25 =
      a7 << 44 | a7 >> 20, a13 << 43 | a13 >> 21, a19 << 21 | a19 >> 43, a25 << 14 | a25 >> 50,
      a4 << 28 | a4 >> 36, a10 << 20 | a10 >> 44, a11 << 3 | a11 >> 61, a17 << 45 | a17 >> 19, a23 << 61 | a23 >> 3,
      a2 << 1 | a2 >> 63, a8 << 6 | a8 >> 58, a14 << 25 | a14 >> 39, a20 << 8 | a20 >> 56, a21 << 18 | a21 >> 46,
      a5 << 27 | a5 >> 37, a6 << 36 | a6 >> 28, a12 << 10 | a12 >> 54, a18 << 15 | a18 >> 49, a24 << 56 | a24 >> 8,
      a3 << 62 | a3 >> 2, a9 << 55 | a9 >> 9, a15 << 39 | a15 >> 25, a16 << 41 | a16 >> 23, a22 << 2 | a22 >> 62
    -- Chi, and Iota in the first lane.
    a1, a2, a3, a4, a5 =
      a1 ~ (~a2 & a3) ~ roundConstants[round], a2 ~ (~a3 & a4), a3 ~ (~a4 & a5), a4 ~ (~a5 & a1), a5 ~ (~a1 & a2)
    a6, a7, a8, a9, a10 = a6 ~ (~a7 & a8), a7 ~ (~a8 & a9), a8 ~ (~a9 & a10), a9 ~ (~a10 & a6), a10 ~ (~a6 & a7)
    a11, a12, a13, a14, a15 =
      a11 ~ (~a12 & a13), a12 ~ (~a13 & a14), a13 ~ (~a14 & a15), a14 ~ (~a15 & a11), a15 ~ (~a11 & a12)
    a16, a17, a18, a19, a20 =
      a16 ~ (~a17 & a18), a17 ~ (~a18 & a19), a18 ~ (~a19 & a20), a19 ~ (~a20 & a16), a20 ~ (~a16 & a17)
    a21, a22, a23, a24, a25 =
      a21 ~ (~a22 & a23), a22 ~ (~a23 & a24), a23 ~ (~a24 & a25), a24 ~ (~a25 & a21), a25 ~ (~a21 & a22)
  end
  return
    a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25
end

-- Makes the hash with digests of `size` bytes.
return function(size, firstPadding)
  local rate = 200 - 2 * size
  local words = rate // 8
  local blockFormat, digestFormat = "<" .. rep("I8", words), "<" .. rep("I8", size // 8)

  return function(text)
    local missing = rate - #text % rate
    local padding = missing == 1 and char(firstPadding | 0x80)
      or char(firstPadding) .. rep("\0", missing - 2) .. "\x80"
    local padded = text .. padding
    local lanes = {}
    for lane = 1, 25 do
      lanes[lane] = 0
    end
    for position = 1, #padded, rate do
      local block = { unpack(blockFormat, padded, position) }
      for lane = 1, words do
        lanes[lane] = lanes[lane] ~ block[lane]
      end
      lanes = { permute(unpackArray(lanes)) }
    end
    return pack(digestFormat, unpackArray(lanes, 1, size // 8))
  end
end
