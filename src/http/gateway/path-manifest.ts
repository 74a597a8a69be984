import type { AnyItem } from '../../protocol/any-item.ts'
import { type ItemId, isItemId } from '../../protocol/ids.ts'
import { decodeUtf8 } from '../../protocol/utf8.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { contentType } from './transactions.ts'

/** A map from paths to items, versions 0.1.0 and 0.2.0. Wire protocol 9.1. */
interface PathManifest {
  readonly index?: Reference
  /** Since 0.2.0: what unknown paths give. */
  readonly fallback?: Reference
  readonly paths: Readonly<Record<string, Reference>>
}

/** By its id, or by a path of the manifest. */
interface Reference {
  readonly id?: unknown
  readonly path?: unknown
}

const manifestType = 'application/x.arweave-manifest+json'
const versions: ReadonlySet<unknown> = new Set(['0.1.0', '0.2.0'])

export function isManifest({ tags }: Pick<AnyItem, 'tags'>): boolean {
  return contentType(tags)?.split(';')[0]?.trim().toLowerCase() === manifestType
}

/**
 * What a manifest has at a path.
 *
 * @param path - Decoded, without slashes around it; empty for the index.
 * @returns undefined when it has nothing there, and no fallback.
 * @throws {HttpError} `HTTP_MANIFEST_INVALID`
 */
export function resolveManifestPath(item: Pick<AnyItem, 'id' | 'data'>, path: string): ItemId | undefined {
  const { index, fallback, paths } = parseManifest(item)
  const idOf = (reference: Reference | undefined): ItemId | undefined => {
    const { id, path: other } = reference ?? {}
    if (id === undefined && typeof other === 'string') return idAt(other)
    return typeof id === 'string' && isItemId(id) ? id : undefined
  }
  // A path leads to an id, not to another path.
  const idAt = (given: string): ItemId | undefined => {
    const id = paths[given]?.id
    return typeof id === 'string' && isItemId(id) ? id : undefined
  }
  return (path === '' ? idOf(index) : idAt(path)) ?? idOf(fallback)
}

function parseManifest({ id, data }: Pick<AnyItem, 'id' | 'data'>): PathManifest {
  const fail = (problem: string): never => {
    throw new HttpError({ code: 'HTTP_MANIFEST_INVALID', id, problem })
  }
  if (data.length > httpLimits.manifestBytesMax) fail(`it has more than ${httpLimits.manifestBytesMax} bytes`)
  const manifest = parseObject(data)
  if (manifest === undefined) return fail('it is not a JSON object')
  if (manifest.manifest !== 'arweave/paths') fail('its \'manifest\' is not "arweave/paths"')
  if (!versions.has(manifest.version)) fail(`its 'version' is none of ${[...versions].join(', ')}`)
  if (typeof manifest.paths !== 'object' || manifest.paths === null) fail("it has no 'paths'")
  return manifest as unknown as PathManifest
}

function parseObject(data: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(decodeUtf8(data) ?? '')
    return typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
