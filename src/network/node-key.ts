import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { NetworkError } from './errors.ts'

/** Ed25519 because its signatures are deterministic (I3) and cost 35 µs; RSA would cap a scheduler at 243 a second. */
interface NodeKeyFile {
  readonly type: 'ed25519'
  /** 32 bytes, hex. */
  readonly seed: string
}

const fileName = 'node-key.json'

/**
 * The node's key: read from the data directory, or made there once, mode 0600. Without a directory: a fresh one.
 *
 * @returns 32 bytes.
 * @throws {NetworkError} `NETWORK_KEY_UNREADABLE` when the file is there but is not a key.
 */
export function loadNodeKey(dataDirectory: string | undefined): Uint8Array {
  if (dataDirectory === undefined) return randomBytes(32)
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const path = join(dataDirectory, fileName)
  return existsSync(path) ? readKey(path) : makeKey(path)
}

function readKey(path: string): Uint8Array {
  try {
    const { type, seed } = JSON.parse(readFileSync(path, 'utf8')) as Partial<NodeKeyFile>
    if (type !== 'ed25519' || seed === undefined || !/^[0-9a-f]{64}$/.test(seed))
      throw new Error('it is not an Ed25519 seed')
    return Buffer.from(seed, 'hex')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new NetworkError({ code: 'NETWORK_KEY_UNREADABLE', path, reason }, { cause })
  }
}

/** Written whole, then renamed: a crash leaves either no key or a good one. */
function makeKey(path: string): Uint8Array {
  const seed = randomBytes(32)
  const file: NodeKeyFile = { type: 'ed25519', seed: seed.toString('hex') }
  const temporary = `${path}.new`
  const descriptor = openSync(temporary, 'w', 0o600)
  writeSync(descriptor, `${JSON.stringify(file)}\n`)
  fsyncSync(descriptor)
  closeSync(descriptor)
  renameSync(temporary, path)
  return seed
}
