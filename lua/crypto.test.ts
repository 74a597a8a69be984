/**
 * The modules of `.crypto` (Process API 14.7): the specification's vectors, published vectors, and comparison with the
 * platform's implementations.
 *
 * @module
 */
import { createCipheriv, createHash, pbkdf2Sync } from 'node:crypto'
import { blake2b } from '@noble/hashes/blake2.js'
import { keccak_256, keccak_512 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLibraryProcess, type LibraryProcess, testCode, testErrors } from './harness.ts'

const seed = 147

/** What the cases below take for granted. */
const prelude = `
  local crypto = require(".crypto")
  local array, stream = crypto.utils.array.fromString, crypto.utils.stream.fromString
  local hex, unhex = crypto.utils.hex.stringToHex, crypto.utils.hex.hexToString
  local digest, mac, kdf, utils = crypto.digest, crypto.mac, crypto.kdf, crypto.utils
  local aes, issac, morus, norx = crypto.cipher.aes, crypto.cipher.issac, crypto.cipher.morus, crypto.cipher.norx
  local secret, nonce = "super_secret_shh", ("0"):rep(16)
  local longSecret, longNonce = "super_duper_secret_password_shhh", ("0"):rep(32)
  local function bytes(first, last)
    local list = {}
    for value = first, last do list[#list + 1] = string.char(value) end
    return table.concat(list)
  end
`

/** Rows: a title, statements that return a value, the value as text. */
function testValues(rows: readonly (readonly [title: string, statements: string, expected: string])[]): void {
  testCode(rows.map(([title, statements, expected]) => [title, `${prelude} ${returned(statements)}`, expected]))
}

function returned(statements: string): string {
  return `return tostring((function() ${statements} end)())`
}

/** Evaluates statements that return a list of strings. */
function evaluateList(library: LibraryProcess, statements: string): string[] {
  const list = library.eval(`${prelude} return table.concat((function() ${statements} end)(), "\\n")`)
  return String(list).split('\n')
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Byte strings as a Lua list of their hex. */
function hexList(list: readonly Uint8Array[]): string {
  return `{ ${list.map((bytes) => `"${hexOf(bytes)}"`).join(', ')} }`
}

function bytesOf(size: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: size, maxLength: size })
}

describe('14.7 vectors of the specification', () => {
  testValues([
    ['md2', 'return digest.md2(stream("ao")).asHex()', '0d4e80edd07bee6c7965b21b25a9b1ea'],
    ['md4', 'return digest.md4(stream("ao")).asHex()', 'e068dfe3d8cb95311b58be566db66954'],
    ['md5', 'return digest.md5(stream("ao")).asHex()', 'adac5e63f80f8629e9573527b25891d3'],
    ['sha1', 'return digest.sha1(stream("ao")).asHex()', 'c29dd6c83b67a1d6d3b28588a1f068b68689aa1d'],
    [
      'sha2_256 of abc',
      'return digest.sha2_256(stream("abc")).asHex()',
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    ],
    [
      'sha2_256',
      'return digest.sha2_256(stream("ao")).asHex()',
      '2dd411308b37266d33c9246821adc5aa4002f0091f5e2aece1953789930ad924',
    ],
    [
      'sha2_512',
      'return digest.sha2_512("ao").asHex()',
      '6f36a696b17ce5a71efa700e8a7e47994f3e134a5e5f387b3e7c2c912abe94f94ee823f9b9dcae59af99e2e34c8b4fb0bd592260c6720ee49e5deaac2065c4b1',
    ],
    [
      'sha3_256',
      'return digest.sha3_256("ao").asHex()',
      '1bbe785577db997a394d5b4555eec9159cb51f235aec07514872d2d436c6e985',
    ],
    [
      'sha3_512',
      'return digest.sha3_512("ao").asHex()',
      '0c29f053400cb1764ce2ec555f598f497e6fcd1d304ce0125faa03bb724f63f213538f41103072ff62ddee701b52c73e621ed4d2254a3e5e9a803d83435b704d',
    ],
    [
      'keccak256',
      'return digest.keccak256("ao").asHex()',
      '76da52eec05b749b99d6e62bb52333c1569fe75284e6c82f3de12a4618be00d6',
    ],
    [
      'keccak512',
      'return digest.keccak512("ao").asHex()',
      '046fbfad009a12cef9ff00c2aac361d004347b2991c1fa80fba5582251b8e0be8def0283f45f020d4b04ff03ead9f6e7c43cc3920810c05b33b4873b99affdea',
    ],
    [
      'blake2b',
      'return digest.blake2b("ao").asHex()',
      '576701fd79a126f2c414ef94adf1117c88943700f312679d018c29c378b2c807a3412b4e8d51e191c48fb5f5f54bf1bca29a714dda166797b3baf9ead862ae1d',
    ],
    [
      'blake2b of 32 bytes',
      'return digest.blake2b("ao", 32).asHex()',
      '7050811afc947ba7190bb3c0a7b79b4fba304a0de61d529c8a35bdcbbb5544f4',
    ],
    [
      'blake2b of 32 bytes with a key',
      'return digest.blake2b("ao", 32, "secret_key").asHex()',
      '203c101980fdf6cf24d78879f2e3db86d73d91f7d60960b642022cd6f87408f8',
    ],
    [
      'aes CBC, the mode if none is named',
      'return aes.encrypt("ao", secret, secret).asHex()',
      'A3B9E6E1FBD9D46930E5F76807C84B8E',
    ],
    ['aes ECB', 'return aes.encrypt("ao", secret, "", "ECB").asHex()', '3FF54BD61AD1AA06BC367A10575CC7C5'],
    ...['CFB', 'OFB', 'CTR'].map(
      (mode) =>
        [
          `aes ${mode}`,
          `return aes.encrypt("ao", secret, secret, "${mode}").asHex()`,
          '1DA7169C093D6B23160B6785B28E4BED',
        ] as const,
    ),
    ...['CBC', 'ECB', 'CFB', 'OFB', 'CTR'].map(
      (mode) =>
        [
          `aes ${mode} decrypted`,
          `local iv = "${mode}" ~= "ECB" and secret or ""
           return aes.decrypt(aes.encrypt("ao", secret, iv, "${mode}").asHex(), secret, iv, "${mode}").asHex()`,
          '616F0000000000000000000000000000',
        ] as const,
    ),
    ['issac', 'return issac.encrypt("ao", "secret_key").asHex()', '7851'],
    ['issac decrypted', 'return issac.decrypt(unhex("7851"), "secret_key")', 'ao'],
    [
      'morus with a key of 16 bytes',
      'return morus.encrypt(secret, nonce, "ao", "").asHex()',
      '514ed31473d8fb0b76c6cbb17af35ed01d0a',
    ],
    [
      'morus with a key of 32 bytes and additional data',
      'return morus.encrypt(bytes(0x00, 0x1f), nonce, "ao", "additional data").asHex()',
      '6164646974696f6e616c20646174616aae7a8b95c50047bea251c3b7133eec5fcc',
    ],
    [
      'norx',
      'return norx.encrypt(longSecret, longNonce, "ao", "ao", "ao").asHex()',
      '0bb35a06938e6541eccd4440adb7b46118535f60b09b4adf378807a53df19fc4ea28',
    ],
    [
      'hmac, with sha1 if none is named',
      'return mac.createHmac(stream("ao"), array("super_secret_key")).asHex()',
      '3966f45acb53f7a1a493bae15afecb1a204fa32d',
    ],
    [
      'hmac with sha256',
      'return mac.createHmac(stream("ao"), array("super_secret_key"), "sha256").asHex()',
      'f8ad7944300ae2cd2748663fe4b0f8003b645b36013a586032410ff9c3f46a85',
    ],
    [
      'hmac of a stream that was read before',
      `local data, key = stream("ao"), array("super_secret_key")
       mac.createHmac(data, key)
       return mac.createHmac(data, key, "sha256").asHex()`,
      '542da02a324155d688c7689669ff94c6a5f906892aa8eccd7284f210ac66e2a7',
    ],
    [
      'pbkdf2',
      'return kdf.pbkdf2(array("password"), array("salt"), 4, 16).asHex()',
      'C4C21BF2BBF61541408EC2A49C89B9C6',
    ],
    ['random without a seed', 'return crypto.random()', '532713800.0'],
    ['random between bounds, without a seed', 'return crypto.random(1, 100)', '49'],
    ['random with a seed', 'return crypto.random(1, 10, "seed")', '2'],
  ])
})

describe('14.7 the modules', () => {
  testValues([
    ['the version', 'return crypto._version', '0.0.1'],
    [
      'what there is',
      `local names = {}
       for name in pairs(crypto) do names[#names + 1] = name end
       table.sort(names)
       return table.concat(names, " ")`,
      '_version cipher digest kdf mac random utils',
    ],
    [
      'each is found by its own name',
      `for _, name in ipairs({ "digest", "cipher", "random", "mac", "kdf", "utils" }) do
         assert(require(".crypto." .. name) == crypto[name], name)
       end
       return require(".crypto.utils.hex") == utils.hex`,
      'true',
    ],
  ])
})

describe('14.7 results', () => {
  testValues([
    [
      'the three forms are of the same bytes, however often they are read',
      `local results = {
         digest.md5(stream("ao")), digest.sha3_256("ao"), digest.blake2b("ao"), aes.encrypt("ao", secret, secret),
         aes.decrypt(("00"):rep(32), secret, secret), issac.encrypt("ao", "key"), morus.encrypt(secret, nonce, "ao"),
         norx.encrypt(longSecret, longNonce, "ao"), mac.createHmac(stream("ao"), array("key")),
         kdf.pbkdf2(array("a"), array("b"), 1, 40),
       }
       for index, result in ipairs(results) do
         for reading = 1, 2 do
           assert(unhex(result.asHex()) == result.asString(), index)
           assert(utils.array.toString(result.asBytes()) == result.asString(), index)
         end
       end
       return #results`,
      '10',
    ],
    [
      'the bytes of sha2_512 are eight words of 64 bits',
      `local words = digest.sha2_512("ao").asBytes()
       return ("%d %016x %016x"):format(#words, words[1], words[8])`,
      '8 6f36a696b17ce5a7 9e5deaac2065c4b1',
    ],
    [
      'hex is in upper case for aes and pbkdf2 only',
      `local upper = aes.encrypt("ao", secret).asHex() .. kdf.pbkdf2(array("a"), array("b"), 1, 40).asHex()
       local lower = digest.md5(stream("ao")).asHex() .. digest.sha3_256("ao").asHex() .. norx.encrypt(longSecret, longNonce, "ao").asHex()
       return upper == upper:upper() and lower == lower:lower()`,
      'true',
    ],
    ['a digest leaves its stream empty', 'local data = stream("ao") digest.md5(data) return data()', 'nil'],
  ])
})

describe('14.7 digests: vectors of RFC 1319 and RFC 1320', () => {
  const messages = [
    '',
    'a',
    'abc',
    'message digest',
    'abcdefghijklmnopqrstuvwxyz',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
    '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
  ]
  const digests = {
    md2: [
      '8350e5a3e24c153df2275c9f80692773',
      '32ec01ec4a6dac72c0ab96fb34c0b5d1',
      'da853b0d3f88d99b30283a69e6ded6bb',
      'ab4f496bfb2a530b219ff33031fe06b0',
      '4e8ddff3650292ab5a4108c3aa47940b',
      'da33def2a42df13975352846c30338cd',
      'd5976f79d83d3a0dc9806c3c66f3efd8',
    ],
    md4: [
      '31d6cfe0d16ae931b73c59d7e0c089c0',
      'bde52cb31de33e46245e05fbdbd6fb24',
      'a448017aaf21d8525fc10ae87aa6729d',
      'd9130a8164549fe818874806e1c7014b',
      'd79e1c308aa5bbcdeea8ed63df412da9',
      '043f8582f241db351ce627e153e7f0e4',
      'e33b4ddc9c38f2199c3e7b164fcc0536',
    ],
  }

  test.each(Object.entries(digests))('%s', (name, expected) => {
    const list = `{ "${messages.join('", "')}" }`
    const code = `local list = ${list} for i, m in ipairs(list) do list[i] = digest.${name}(stream(m)).asHex() end return list`
    expect(evaluateList(createLibraryProcess(), code)).toEqual(expected)
  })
})

describe('14.7 digests agree with other implementations', () => {
  // Around the ends of blocks: 64 and 128 bytes, 72 and 136 (Keccak); and of what the padding leaves of them.
  const sizes = [
    0, 1, 55, 56, 57, 63, 64, 65, 71, 72, 73, 111, 112, 113, 119, 127, 128, 129, 135, 136, 137, 143, 144, 200, 272,
  ]
  const node = (algorithm: string) => (message: Uint8Array) => createHash(algorithm).update(message).digest()
  const key = Buffer.from('0123456789abcdef')

  test.each<{ readonly name: string; readonly call: string; readonly oracle: (message: Uint8Array) => Uint8Array }>([
    { name: 'md5', call: 'md5(stream(message))', oracle: node('md5') },
    { name: 'sha1', call: 'sha1(stream(message))', oracle: node('sha1') },
    { name: 'sha2_256', call: 'sha2_256(stream(message))', oracle: node('sha256') },
    { name: 'sha2_512', call: 'sha2_512(message)', oracle: node('sha512') },
    { name: 'sha3_256', call: 'sha3_256(message)', oracle: node('sha3-256') },
    { name: 'sha3_512', call: 'sha3_512(message)', oracle: node('sha3-512') },
    { name: 'keccak256', call: 'keccak256(message)', oracle: keccak_256 },
    { name: 'keccak512', call: 'keccak512(message)', oracle: keccak_512 },
    { name: 'blake2b', call: 'blake2b(message)', oracle: node('blake2b512') },
    { name: 'blake2b of 1 byte', call: 'blake2b(message, 1)', oracle: (message) => blake2b(message, { dkLen: 1 }) },
    {
      name: 'blake2b of 20 bytes with a key',
      call: `blake2b(message, 20, "${key}")`,
      oracle: (message) => blake2b(message, { dkLen: 20, key }),
    },
  ])('$name', ({ call, oracle }) => {
    const library = createLibraryProcess()
    fc.assert(
      fc.property(fc.tuple(...sizes.map(bytesOf)), (messages) => {
        const digests = evaluateList(
          library,
          `local list = ${hexList(messages)}
           for index, text in ipairs(list) do local message = unhex(text) list[index] = digest.${call}.asHex() end
           return list`,
        )
        expect(digests).toEqual(messages.map((message) => hexOf(oracle(message))))
      }),
      { seed, numRuns: 4 },
    )
  })
})

describe('14.7 aes', () => {
  const modes = ['CBC', 'ECB', 'CFB', 'OFB', 'CTR'] as const
  const keyLengths = [128, 192, 256] as const
  const kinds = modes.flatMap((mode) => keyLengths.map((keyLength) => ({ mode, keyLength })))

  function encrypt(mode: string, keyLength: number, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Buffer {
    const cipher = createCipheriv(
      `aes-${keyLength}-${mode.toLowerCase()}`,
      key.subarray(0, keyLength / 8),
      mode === 'ECB' ? null : iv,
    )
    cipher.setAutoPadding(false)
    return Buffer.concat([cipher.update(data), cipher.final()])
  }

  const cases = fc.record({
    key: bytesOf(32),
    iv: bytesOf(16),
    data: fc.constantFrom(0, 1, 15, 16, 17, 31, 32, 33, 48, 100).chain(bytesOf),
  })

  test.each(kinds)('$mode with keys of $keyLength bits agrees with the platform', ({ mode, keyLength }) => {
    const library = createLibraryProcess()
    fc.assert(
      fc.property(cases, ({ key, iv, data }) => {
        const padded = Buffer.concat([data, Buffer.alloc((16 - (data.length % 16)) % 16)])
        const given = `unhex("${hexOf(key.subarray(0, keyLength / 8))}"), unhex("${mode === 'ECB' ? '' : hexOf(iv)}"), "${mode}", ${keyLength}`
        const [encrypted, decrypted] = evaluateList(
          library,
          `local encrypted = aes.encrypt(unhex("${hexOf(data)}"), ${given}).asHex()
           return { encrypted, aes.decrypt(encrypted, ${given}).asHex() }`,
        )
        expect(encrypted).toBe(encrypt(mode, keyLength, key, iv, padded).toString('hex').toUpperCase())
        expect(decrypted).toBe(padded.toString('hex').toUpperCase())
      }),
      { seed, numRuns: 12 },
    )
  })

  test.each(['CFB', 'OFB', 'CTR'])('%s decrypts what others left without padding', (mode) => {
    const key = Buffer.from('super_secret_shh')
    const data = Buffer.from('no whole number of blocks')
    const encrypted = encrypt(mode, 128, key, key, data)
    const code = `return { aes.decrypt("${hexOf(encrypted)}", secret, secret, "${mode}").asString() }`
    expect(evaluateList(createLibraryProcess(), code)).toEqual([data.toString()])
  })

  test.each(['00'.repeat(8) + 'ff'.repeat(8), 'ff'.repeat(16)])('CTR carries over its counter from %s', (iv) => {
    const key = Buffer.from('super_secret_shh')
    const expected = encrypt('CTR', 128, key, Buffer.from(iv, 'hex'), Buffer.alloc(48))
    const code = `return { aes.encrypt(("\\0"):rep(48), secret, unhex("${iv}"), "CTR").asHex() }`
    expect(evaluateList(createLibraryProcess(), code)).toEqual([expected.toString('hex').toUpperCase()])
  })

  testValues([
    [
      'an unknown mode and an unknown length fall back to CBC and 128',
      `return aes.encrypt("ao", secret, secret, "XTS", 512).asHex() == aes.encrypt("ao", secret, secret, "CBC", 128).asHex()`,
      'true',
    ],
    [
      'an iv that is missing is of zeros',
      'return aes.encrypt("ao", secret).asHex() == aes.encrypt("ao", secret, ("\\0"):rep(16)).asHex()',
      'true',
    ],
    [
      'an iv is encrypted before the data in ECB, also the missing one',
      `local block = aes.encrypt(("\\0"):rep(16), secret, "", "ECB").asHex()
       return aes.encrypt("ao", secret, nil, "ECB").asHex() == block .. aes.encrypt("ao", secret, "", "ECB").asHex()`,
      'true',
    ],
  ])
})

describe('14.7 issac', () => {
  testValues([
    [
      // Bob Jenkins, randvect.txt: what follows the first 256 numbers of a seed of zeros.
      'the vector of its author',
      `issac.seedIsaac("")
       for skipped = 1, 256 do issac.getRandom() end
       local list = {}
       for index = 1, 6 do list[index] = ("%08x"):format(issac.getRandom()) end
       return table.concat(list, " ")`,
      'f650e4c8 e448e96d 98db2fb4 f5fad54f 433f1afb edec154a',
    ],
    [
      // Rosetta Code, "The ISAAC cipher": the message, XORed with printable characters.
      'characters from a seed',
      `issac.seedIsaac("this is my secret key")
       return (("a Top Secret secret"):gsub(".", function(c) return ("%02X"):format(c:byte() ~ issac.getRandomChar()) end))`,
      '1C0636190B1260233B35125F1E1D0E2F4C5422',
    ],
    [
      'the first 256 bytes of a seed count',
      `local long = ("x"):rep(256)
       local function first(seed) issac.seedIsaac(seed) return issac.getRandom() end
       return first(long .. "a") == first(long .. "b") and first(long) ~= first(long:sub(2))`,
      'true',
    ],
    [
      'a seed that is not mixed in does not count',
      `issac.seedIsaac("a", false)
       local number = issac.getRandom()
       issac.seedIsaac("b", false)
       return number == issac.getRandom() and number % 2^31 == crypto.random()`,
      'true',
    ],
    [
      'encryption and random leave the generator alone',
      `issac.seedIsaac("a")
       local first, second = issac.getRandom(), issac.getRandom()
       issac.seedIsaac("a")
       issac.getRandom()
       issac.encrypt("ao", "key")
       issac.random(1, 6, "seed")
       return issac.getRandom() == second`,
      'true',
    ],
    ['issac.random is crypto.random', 'return issac.random == crypto.random', 'true'],
  ])

  test('round trips over all printable characters, which stay printable', () => {
    const library = createLibraryProcess()
    const printable = fc.string({ unit: 'grapheme-ascii', maxLength: 600 })
    fc.assert(
      fc.property(printable, printable, (message, key) => {
        const [text, encrypted] = evaluateList(
          library,
          `local key = unhex("${hexOf(Buffer.from(key))}")
           local encrypted = issac.encrypt(unhex("${hexOf(Buffer.from(message))}"), key).asString()
           return { issac.decrypt(encrypted, key), encrypted }`,
        )
        expect(text).toBe(message)
        expect(encrypted).toMatch(/^[ -~]*$/)
        expect(encrypted).toHaveLength(message.length)
      }),
      { seed, numRuns: 30 },
    )
  })
})

describe('14.7 morus and norx', () => {
  // Computed once by implementations of their own in Python, written from the papers over numbers of 256 bits and lists.
  testValues([
    [
      'morus over several blocks',
      'return morus.encrypt(bytes(0, 15), bytes(16, 31), bytes(0, 99), bytes(0, 39)).asHex():sub(81)',
      '57c7185239f60af102b573f3ab42e95086b9d1c71163357d51ba2e14890bac2e657e20db141010bde5926024462c6d8c7a8dee910829906c1ae19b11d760a0e80bdea0491bfbb3c6a6c89a6d4b273ba2c3dbcea2600ece6acc80334e8d541cfbfb28b565a8d0f821108642354386fdb689cc3c5c',
    ],
    [
      'norx over several blocks',
      'return norx.encrypt(bytes(0, 31), bytes(32, 63), bytes(0, 127), bytes(0, 127), bytes(0, 127)).asHex()',
      'c0816e508ae4a0500b93387bbbabc241ac42387ef5e8bf0ec3826cede166a1d5caa3e8d62cd641b3faf2aa2adde3e5ed0a13bd8b96d5f0fb7fe39ca780953175e245bc3e534b800e9646771f13ea4085cb3e267f106f5f17a064ff234a027c644be78665db1c46a4b01a4fbf5276dfbd30ebbfb88466f8dc897a7816d0d070d8d1f2fa3305a32376e23a61d1c989303fbfbd935aa55b17e4e7254733c473408e',
    ],
    [
      'norx with parts that leave one byte, or none, for padding',
      'return norx.encrypt(bytes(0, 31), bytes(32, 63), bytes(0, 94), bytes(0, 94), bytes(0, 95)).asHex():sub(191)',
      '18bbe0e510e7876106f4589c36122f09aa4036a16b56eecbe576bfbee76a8dba',
    ],
    [
      'morus begins with the additional data, and adds a tag of 16 bytes',
      'local text = morus.encrypt(secret, nonce, "ao", "header").asString() return text:sub(1, 6) .. #text',
      'header24',
    ],
    ['norx adds a tag of 32 bytes', 'return #norx.encrypt(longSecret, longNonce, "ao", "header").asString()', '34'],
  ])

  const message = fc.constantFrom(0, 1, 31, 32, 33, 64, 95, 96, 97, 192, 200).chain(bytesOf)

  // Each decryption is tried with a change of one bit in each argument in turn; 0 stands for none.
  test('morus: round trips, and a change of anything is seen', () => {
    const library = createLibraryProcess()
    const cases = fc.record({
      key: fc.constantFrom(16, 32).chain(bytesOf),
      iv: bytesOf(16),
      message,
      additional: message,
      place: fc.nat(),
    })
    fc.assert(
      fc.property(cases, ({ key, iv, message, additional, place }) => {
        const answers = evaluateList(
          library,
          `local given = { unhex("${hexOf(key)}"), unhex("${hexOf(iv)}") }
           local additional = unhex("${hexOf(additional)}")
           given[3] = morus.encrypt(given[1], given[2], unhex("${hexOf(message)}"), additional).asString()
           local answers = {}
           for changed = 0, 3 do
             local arguments = { table.unpack(given) }
             if changed > 0 then
               local text = given[changed]
               local at = ${place} % #text + 1
               arguments[changed] = text:sub(1, at - 1) .. string.char(text:byte(at) ~ 1) .. text:sub(at + 1)
             end
             local text, problem = morus.decrypt(arguments[1], arguments[2], arguments[3], #additional)
             answers[#answers + 1] = text and hex(text) or tostring(text) .. " " .. problem
           end
           return answers`,
        )
        expect(answers).toEqual([hexOf(message), ...Array(3).fill('nil decrypt error')])
      }),
      { seed, numRuns: 40 },
    )
  })

  test('norx: round trips, and a change of anything is seen', () => {
    const library = createLibraryProcess()
    const cases = fc.record({
      key: bytesOf(32),
      nonce: bytesOf(32),
      message,
      header: message,
      trailer: message,
      place: fc.nat(),
    })
    fc.assert(
      fc.property(cases, ({ key, nonce, message, header, trailer, place }) => {
        const answers = evaluateList(
          library,
          `local key, nonce, header, trailer = unhex("${hexOf(key)}"), unhex("${hexOf(nonce)}"), unhex("${hexOf(header)}"), unhex("${hexOf(trailer)}")
           local given = { key, nonce, norx.encrypt(key, nonce, unhex("${hexOf(message)}"), header, trailer).asString(), header, trailer }
           local answers = {}
           for changed = 0, 5 do
             local arguments = { table.unpack(given) }
             if changed > 0 then
               local text = given[changed]
               local at = ${place} % (#text + 1) + 1
               arguments[changed] = text:sub(1, at - 1) .. string.char((text:byte(at) or 0) ~ 1) .. text:sub(at + 1)
             end
             if #arguments[1] == 32 and #arguments[2] == 32 then
               local text, problem = norx.decrypt(table.unpack(arguments))
               answers[#answers + 1] = text and hex(text) or tostring(text) .. " " .. problem
             end
           end
           return answers`,
        )
        expect(answers[0]).toBe(hexOf(message))
        expect(answers.length).toBeGreaterThanOrEqual(4)
        expect(new Set(answers.slice(1))).toEqual(new Set(['nil auth failure']))
      }),
      { seed, numRuns: 40 },
    )
  })

  testValues([
    [
      'morus: what is shorter than its tag and its additional data fails',
      `for size = 0, 20 do
         local text, problem = morus.decrypt(secret, nonce, ("x"):rep(size), 5)
         assert(text == nil and problem == "decrypt error", size)
       end
       return "ok"`,
      'ok',
    ],
    [
      'morus: additional data of another length fails',
      `local text = morus.encrypt(secret, nonce, "ao", "header").asString()
       return select(2, morus.decrypt(secret, nonce, text, 5)) .. ", " .. morus.decrypt(secret, nonce, text, 6)`,
      'decrypt error, ao',
    ],
    [
      'norx: what is shorter than its tag fails',
      `for size = 0, 31 do
         local text, problem = norx.decrypt(longSecret, longNonce, ("x"):rep(size))
         assert(text == nil and problem == "auth failure", size)
       end
       return "ok"`,
      'ok',
    ],
  ])
})

describe('14.7 random', () => {
  testValues([
    [
      'stays within its bounds, and takes each of them',
      `local seen = {}
       for index = 1, 300 do
         local number = crypto.random(-2, 2, "seed " .. index)
         assert(math.type(number) == "integer" and number >= -2 and number <= 2, number)
         seen[number] = true
       end
       return tostring(seen[-2]) .. tostring(seen[2])`,
      'truetrue',
    ],
    ['a number is a seed', 'return crypto.random(1, 1000000, 7) == crypto.random(1, 1000000, "7")', 'true'],
    ['one number to choose from', 'return crypto.random(5, 5, "seed")', '5'],
  ])
})

describe('14.7 mac', () => {
  /** HMAC (RFC 2104) with a block of 32 bytes, whatever the hash. */
  function hmac(algorithm: string, key: Uint8Array, message: Uint8Array): Buffer {
    const hash = (...parts: Uint8Array[]) => createHash(algorithm).update(Buffer.concat(parts)).digest()
    const block = Buffer.alloc(32)
    block.set(key.length > 32 ? hash(key) : key)
    return hash(
      block.map((byte) => byte ^ 0x5c),
      hash(
        block.map((byte) => byte ^ 0x36),
        message,
      ),
    )
  }

  test.each(['sha1', 'sha256'])('hmac with %s has a block of 32 bytes', (algorithm) => {
    const library = createLibraryProcess()
    const keys = fc.constantFrom(0, 1, 31, 32, 33, 64, 65).chain(bytesOf)
    const messages = fc.constantFrom(0, 1, 23, 24, 31, 32, 64, 100).chain(bytesOf)
    fc.assert(
      fc.property(keys, messages, (key, message) => {
        const given = `stream(unhex("${hexOf(message)}")), array(unhex("${hexOf(key)}"))`
        const [code] = evaluateList(library, `return { mac.createHmac(${given}, "${algorithm}").asHex() }`)
        expect(code).toBe(hmac(algorithm, key, message).toString('hex'))
      }),
      { seed, numRuns: 40 },
    )
  })
})

describe('14.7 kdf', () => {
  test.each(['sha1', 'sha256'])('pbkdf2 with %s agrees with the platform', (algorithm) => {
    const library = createLibraryProcess()
    const bytes = fc.constantFrom(0, 1, 8, 63, 64, 65, 100).chain(bytesOf)
    const cases = fc.record({
      password: bytes,
      salt: bytes,
      iterations: fc.integer({ min: 1, max: 5 }),
      size: fc.constantFrom(1, 19, 20, 21, 32, 33, 64, 70),
    })
    fc.assert(
      fc.property(cases, ({ password, salt, iterations, size }) => {
        const given = `array(unhex("${hexOf(password)}")), array(unhex("${hexOf(salt)}")), ${iterations}, ${size}`
        const [key] = evaluateList(library, `return { kdf.pbkdf2(${given}, "${algorithm}").asHex() }`)
        expect(key).toBe(pbkdf2Sync(password, salt, iterations, size, algorithm).toString('hex').toUpperCase())
      }),
      { seed, numRuns: 30 },
    )
  })
})

describe('14.7 utils', () => {
  /** A list as text, so that rows can show it. */
  const show = 'local function show(list) return table.concat(list, ",") end local a = utils.array'

  testValues([
    ['array.size', `${show} return a.size({ 1, 2, 3 })`, '3'],
    ['array.fromString, toString', `${show} return show(a.fromString("ao")) .. a.toString({ 97, 111 })`, '97,111ao'],
    ['array.fromStream, toStream', `${show} return show(a.fromStream(a.toStream({ 0, 255 })))`, '0,255'],
    ['array.fromHex, toHex', `${show} return show(a.fromHex("00fF")) .. " " .. a.toHex({ 0, 255 })`, '0,255 00FF'],
    ['array.concat', `${show} return show(a.concat({ 1, 2 }, { 3 }))`, '1,2,3'],
    ['array.truncate', `${show} return show(a.truncate({ 1, 2, 3 }, 2)) .. " " .. show(a.truncate({ 1 }, 2))`, '1,2 1'],
    ['array.XOR is as long as the shorter', `${show} return show(a.XOR({ 1, 2, 3 }, { 3, 3 }))`, '2,1'],
    ['array.substitute', `${show} return show(a.substitute({ 2, 1, 2 }, { 10, 20 }))`, '20,10,20'],
    ['array.permute', `${show} return show(a.permute({ 10, 20, 30 }, { 3, 1, 2 }))`, '30,10,20'],
    [
      'array.slice',
      `${show} return show(a.slice({ 1, 2, 3, 4 }, 2, 3)) .. " " .. show(a.slice({ 1, 2 }, 0, 9))`,
      '2,3 1,2',
    ],
    [
      'the array functions leave their arguments as they are',
      `${show}
       local list, other = { 1, 2 }, { 2, 1 }
       a.copy(list)[1] = 9
       a.concat(list, other)[1] = 9
       for _, name in ipairs({ "XOR", "substitute", "permute" }) do a[name](list, other)[1] = 9 end
       a.slice(list, 1, 2)[1] = 9
       return show(list) .. " " .. show(other)`,
      '1,2 2,1',
    ],
    [
      'array.writeToQueue, readFromQueue',
      `${show}
       local queue = utils.queue()
       a.writeToQueue(queue, { 1, 2, 3 })
       return show(a.readFromQueue(queue, 2)) .. " " .. show(a.readFromQueue(queue, 2))`,
      '1,2 3',
    ],
    [
      'streams give each byte once, then nil',
      'local s = stream("ao") return tostring(s()) .. tostring(s()) .. tostring(s()) .. tostring(s())',
      '97111nilnil',
    ],
    [
      'stream conversions',
      `local s = utils.stream
       return s.toString(s.fromHex("616f")) .. s.toHex(s.fromArray({ 10, 255 })) .. #s.toArray(s.fromString("abc"))`,
      'ao0AFF3',
    ],
    [
      'a queue gives what came first',
      `local queue = utils.queue()
       queue.push("a") queue.push("b") queue.push("c")
       local first = queue.pop()
       return first .. queue.size() .. queue.getTail() .. queue.getHead()`,
      'a2bc',
    ],
    [
      'a queue that is empty gives nil',
      `local queue = utils.queue()
       queue.push(1)
       queue.reset()
       return tostring(queue.pop()) .. queue.size() .. tostring(queue.getHead()) .. tostring(queue.getTail())`,
      'nil0nilnil',
    ],
    ['hex', 'return hex("\\0ao\\xff") .. unhex("61 6F\\n")', '00616fffao'],
    ['hex in lines, with a separator', 'return hex("abcdef", 4, ":"):gsub("\\n", "|")', '61:62:63:64|65:66'],
    ['hex in one line, with a separator', 'return hex("abc", nil, "%")', '61%62%63'],
    ['unsafe hex is not checked', 'return unhex("616f6", true)', 'ao6'],
    [
      'bit has the functions of bit32',
      `for name in pairs(bit32) do assert(type(utils.bit[name]) == "function", name) end
       return utils.bit.bxor(6, 3) .. " " .. utils.bit.lrotate(0x80000001, 1)`,
      '5 3',
    ],
  ])
})

describe('14.7 errors say what was given and what is allowed', () => {
  const crypto = 'local crypto = require(".crypto") local cipher, utils = crypto.cipher, crypto.utils'
  const rows: readonly (readonly [call: string, text: string])[] = [
    [
      'crypto.digest.md5("ao")',
      'crypto.digest.md5: the message must be a stream, as utils.stream.fromString makes one; string was given',
    ],
    [
      'crypto.digest.sha1(function() return 256 end)',
      'crypto.digest.sha1: the message must be bytes (0 to 255); element 1 is 256',
    ],
    ['crypto.digest.sha2_512(5)', 'crypto.digest.sha2_512: the message must be a string; number was given'],
    ['crypto.digest.keccak256()', 'crypto.digest.keccak256: the message must be a string; nil was given'],
    ['crypto.digest.blake2b("ao", 65)', 'crypto.digest.blake2b: outlen must be an integer from 1 to 64; 65 was given'],
    [
      'crypto.digest.blake2b("ao", 64, ("k"):rep(65))',
      'crypto.digest.blake2b: the size of the key must be an integer from 0 to 64; 65 was given',
    ],
    ['cipher.aes.encrypt("ao", "short")', 'crypto.cipher.aes.encrypt: the key must be 16 bytes long; it has 5'],
    [
      'cipher.aes.encrypt("ao", ("k"):rep(16), nil, "CBC", 256)',
      'crypto.cipher.aes.encrypt: the key must be 32 bytes long; it has 16',
    ],
    [
      'cipher.aes.encrypt("ao", ("k"):rep(16), "")',
      'crypto.cipher.aes.encrypt: the iv must be 16 bytes long; it has 0',
    ],
    [
      'cipher.aes.decrypt("xy", ("k"):rep(16))',
      'crypto.cipher.aes.decrypt: the data must be pairs of hex digits; it holds something else',
    ],
    [
      'cipher.aes.decrypt("00ff", ("k"):rep(16))',
      'crypto.cipher.aes.decrypt: the data must be whole blocks of 16 bytes; it has 2',
    ],
    [
      'cipher.issac.encrypt("a\\n", "key")',
      'crypto.cipher.issac.encrypt: the message must be printable ASCII (bytes 32 to 126); byte 2 is 10',
    ],
    ['cipher.issac.getRandom()', 'crypto.cipher.issac: there is no seed yet; call seedIsaac(seed) first'],
    [
      'cipher.morus.encrypt("short", ("n"):rep(16), "ao")',
      'crypto.cipher.morus.encrypt: the key must be 16 or 32 bytes long; it has 5',
    ],
    [
      'cipher.morus.decrypt(("k"):rep(16), ("n"):rep(16), "ao", -1)',
      'crypto.cipher.morus.decrypt: adLen must be an integer of at least 0; -1 was given',
    ],
    [
      'cipher.norx.decrypt(("k"):rep(32), "", "ao")',
      'crypto.cipher.norx.decrypt: the nonce must be 32 bytes long; it has 0',
    ],
    ['crypto.random(5, 1)', 'crypto.random: min and max must be numbers, min not above max; 5 and 1 were given'],
    ['crypto.random(1, 2, {})', 'crypto.random: the seed must be a string; table was given'],
    ['crypto.mac.createHmac(utils.stream.fromString("ao"), {}, "md5")', 'Unsupported algorithm: md5'],
    [
      'crypto.mac.createHmac(utils.stream.fromString("ao"), "key")',
      'crypto.mac.createHmac: the key must be an array of bytes; string was given',
    ],
    ['crypto.kdf.pbkdf2({}, {}, 1, 1, "sha512")', 'Unsupported algorithm: sha512'],
    ['crypto.kdf.pbkdf2({}, {}, 0, 1)', 'crypto.kdf.pbkdf2: iterations must be an integer of at least 1; 0 was given'],
    ['crypto.kdf.pbkdf2({}, {}, 1, 1.5)', 'crypto.kdf.pbkdf2: keyLen must be an integer of at least 1; 1.5 was given'],
    [
      'utils.array.toString({ 1, -1 })',
      'crypto.utils.array.toString: the array must be bytes (0 to 255); element 2 is -1',
    ],
    [
      'utils.stream.fromHex("6")',
      'crypto.utils.stream.fromHex: the text must be pairs of hex digits; it holds something else',
    ],
    ['utils.hex.hexToString("6x")', 'invalid hex string'],
  ]
  testErrors(rows.map(([call, text]) => [call, `${crypto} ${call}`, text] as const))

  test.each(['crypto.random(5, 1)', 'crypto.digest.md5("ao")', 'crypto.cipher.norx.encrypt("short", "short", "ao")'])(
    'and point at the code that called %s',
    (call) => {
      const code = `local crypto = require(".crypto")\n\nlocal value = ${call}\nreturn value`
      expect(createLibraryProcess().evalError(code)).toMatch(/\[string "aos"\]:3: crypto\./)
    },
  )
})
