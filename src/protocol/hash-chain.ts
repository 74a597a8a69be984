import { decodeBase64Url } from './base64url.ts'
import { sha256Base64Url } from './crypto.ts'
import type { ItemId, ProcessId } from './ids.ts'

/** Chain value of a process's first entry: `b64url(SHA256(raw(processId)))`. Spec: wire protocol 6.7. */
export function firstHashChain(processId: ProcessId): string {
  return sha256Base64Url(decodeBase64Url(processId))
}

/**
 * Chain value of every other entry: `b64url(SHA256(raw(assignmentId(n-1)) || raw(HC(n-1))))`. Spec: wire protocol 6.7.
 *
 * @param previousHashChain - 43 characters of base64url, the value in the assignment before.
 */
export function nextHashChain(previousAssignmentId: ItemId, previousHashChain: string): string {
  const bytes = new Uint8Array(64)
  bytes.set(decodeBase64Url(previousAssignmentId))
  bytes.set(decodeBase64Url(previousHashChain), 32)
  return sha256Base64Url(bytes)
}
