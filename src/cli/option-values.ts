import { InvalidArgumentError } from 'commander'
import type { Tag } from '../protocol/types.ts'

/** Where a node is unless something else is said. */
export const defaultPort = 4_400
export const defaultHost = '127.0.0.1'
export const defaultUrl = `http://${defaultHost}:${defaultPort}`
export const defaultDataDirectory = '.loom'

/** @throws {InvalidArgumentError} unless it is a port; 0 is any free one. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('Give a number from 0 (any free port) to 65535.')
}

/** @throws {InvalidArgumentError} unless it is a nonce. */
export function parseNonce(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a nonce: a whole number from 0.')
}

/** @throws {InvalidArgumentError} unless it is a whole number from 1. */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number from 1.')
}

/** A limit of chains, 0 for `none`. @throws {InvalidArgumentError} */
export function parseChainLimit(text: string): number {
  if (text === 'none') return 0
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a number from 1, or none.')
}

/** The base URL of a node, without a slash at the end. @throws {InvalidArgumentError} */
export function parseUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new InvalidArgumentError(`Give the URL of a node, like ${defaultUrl}.`)
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** One `Name=Value`, added to those before. The value may have `=` in it. @throws {InvalidArgumentError} */
export function collectTag(text: string, before: readonly Tag[]): readonly Tag[] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('Give Name=Value.')
  return [...before, { name: text.slice(0, equals), value: text.slice(equals + 1) }]
}
