import { parseAssignment } from '../protocol/assignment.ts'
import type { Address } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'

/**
 * The tag of an assignment that says for whom its item counts: a node in development mode signs in the name of any
 * address, and says so in the log, so that a replay elsewhere sees the same sender (I2).
 */
export const impersonatedTag = 'Impersonated'

const tagBytes = Buffer.from(impersonatedTag)

/** The address as whose the item counts; undefined: as its owner's, as ever. */
export function impersonatedBy(assignment: Uint8Array): Address | undefined {
  const { buffer, byteOffset, byteLength } = assignment
  // Hardly any assignment has it, and this is a hundred times faster than parsing them all.
  if (!Buffer.from(buffer, byteOffset, byteLength).includes(tagBytes)) return undefined
  return tagValue(parseAssignment(assignment).extraTags, impersonatedTag) as Address | undefined
}
