/**
 * Preload for Node programs: `node --import=<this file>`, which `loom env` puts into NODE_OPTIONS.
 *
 * `connect()` of aoconnect without arguments has the public network's addresses built in and reads no environment. This
 * wraps `fetch`, so that requests to exactly those hosts go to the node named by LOOM_URL. Everything else is untouched,
 * and without LOOM_URL nothing is.
 *
 * Plain JavaScript for Node 18 and newer: it runs in the client's Node, not in Loom's.
 */

/** Where each public host is on a node. */
const prefixes = new Map([
  ['arweave.net', ''],
  ['mu.ao-testnet.xyz', '/mu'],
  ['cu.ao-testnet.xyz', '/cu'],
  ['su-router.ao-testnet.xyz', '/su'],
])

const base = (process.env.LOOM_URL ?? '').replace(/\/+$/, '')
// NODE_OPTIONS may name this file twice, when `loom env` was evaluated twice.
const installed = Symbol.for('loom.redirect-public-hosts')

if (base !== '' && typeof globalThis.fetch === 'function' && !globalThis[installed]) {
  const publicFetch = globalThis.fetch
  globalThis[installed] = true
  globalThis.fetch = function fetch(input, init) {
    const isRequest = typeof Request === 'function' && input instanceof Request
    const local = localUrl(isRequest ? input.url : input)
    if (local === undefined) return publicFetch(input, init)
    return publicFetch(isRequest ? new Request(local, requestInit(input)) : local, init)
  }
}

/** @returns undefined for every URL that is not one of a public host. */
function localUrl(given) {
  let url
  try {
    url = new URL(String(given))
  } catch {
    return undefined
  }
  const prefix = url.port === '' ? prefixes.get(url.hostname) : undefined
  return prefix === undefined ? undefined : `${base}${prefix}${url.pathname}${url.search}`
}

/** A request with a body that is a stream says so. */
function requestInit(request) {
  const { method, headers, body, signal, redirect } = request
  return body === null
    ? { method, headers, signal, redirect }
    : { method, headers, body, signal, redirect, duplex: 'half' }
}
