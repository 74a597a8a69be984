import type { Tag } from '../../protocol/types.ts'

/**
 * Tags as headers, so that units find out what an item is by a HEAD request: `type: Process`. Wire protocol 9.1.
 *
 * A tag must not change what the answer means to a client or a browser, so names that HTTP knows are left out, and so is
 * what cannot stand in a header. Of several tags of a name, the first one counts.
 */
export function tagHeaders(tags: readonly Tag[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const { name, value } of tags) {
    const header = name.toLowerCase()
    if (Object.hasOwn(headers, header) || isReserved(header)) continue
    if (legalName.test(header) && legalValue.test(value)) headers[header] = value
  }
  return headers
}

const legalName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
/** Visible ASCII with blanks inside: what every client reads back as it was. */
const legalValue = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

function isReserved(name: string): boolean {
  return reservedNames.has(name) || reservedPrefixes.some((prefix) => name.startsWith(prefix))
}

const reservedPrefixes = ['access-control-', 'sec-', 'proxy-', 'content-security-', 'cross-origin-', 'x-', '__']

const reservedNames = new Set([
  'accept',
  'accept-ch',
  'accept-patch',
  'accept-post',
  'accept-ranges',
  'age',
  'allow',
  'alt-svc',
  'authorization',
  'cache-control',
  'clear-site-data',
  'connection',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'critical-ch',
  'date',
  'digest',
  'document-policy',
  'etag',
  'expect',
  'expires',
  'feature-policy',
  'host',
  'keep-alive',
  'last-modified',
  'link',
  'location',
  'nel',
  'observe-browsing-topics',
  'origin',
  'origin-agent-cluster',
  'permissions-policy',
  'pragma',
  'referer',
  'referrer-policy',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'retry-after',
  'server',
  'server-timing',
  'service-worker-allowed',
  'set-cookie',
  'set-login',
  'sourcemap',
  'speculation-rules',
  'strict-transport-security',
  'supports-loading-mode',
  'te',
  'timing-allow-origin',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'vary',
  'via',
  'warning',
  'www-authenticate',
])
