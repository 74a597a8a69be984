/** What a field of a flat object is. `count`: a whole number from 0, exact. */
type FieldKind = 'text' | 'optional text' | 'count'
type Shape = Readonly<Record<string, FieldKind>>

interface ValueOf {
  text: string
  'optional text': string | undefined
  count: number
}

export type Fields<S extends Shape> = { readonly [Name in keyof S]: ValueOf[S[Name]] }

/**
 * The one text for these fields: names sorted by their code units, no white space, absent ones left out. For texts and whole
 * numbers this is what RFC 8785 asks for.
 */
export function writeCanonicalJson(fields: Readonly<Record<string, string | number | undefined>>): string {
  const names = Object.keys(fields).sort()
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, fields[name]])))
}

/** Undoes {@link writeCanonicalJson}. @returns undefined for any other text, or when the fields are not those of the shape. */
export function readCanonicalJson<S extends Shape>(bytes: Uint8Array, shape: S): Fields<S> | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const given = parse(text)
  if (given === undefined) return undefined
  const fields: Record<string, string | number | undefined> = {}
  for (const [name, kind] of Object.entries(shape)) {
    const value = given[name]
    if (!isOfKind(value, kind)) return undefined
    fields[name] = value
  }
  // Also refuses fields beside those of the shape, and bytes that are not UTF-8.
  const isCanonical = Buffer.from(writeCanonicalJson(fields)).equals(bytes)
  return isCanonical ? (fields as Fields<S>) : undefined
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isOfKind(value: unknown, kind: FieldKind): value is string | number | undefined {
  if (kind === 'count') return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  return typeof value === 'string' || (kind === 'optional text' && value === undefined)
}
