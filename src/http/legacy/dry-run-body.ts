import { z } from 'zod'
import type { DryRunMessage } from '../../network/types.ts'
import type { Tag } from '../../protocol/types.ts'
import { HttpError } from '../errors.ts'

/** Clients send what they have at hand; a process sees text. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const integer = z
  .union([z.number(), z.string().regex(/^\d+$/)])
  .transform(Number)
  .pipe(z.number().int().nonnegative())

/** Body of `POST /dry-run`; other keys are ignored. Wire protocol 7.3. */
const dryRunBody = z.object({
  Id: text.nullish(),
  Owner: text,
  Target: text.nullish(),
  Data: z.unknown().optional(),
  Anchor: text.nullish(),
  Tags: z.array(z.object({ name: text, value: text })).default([]),
  Timestamp: integer.nullish(),
  'Block-Height': integer.nullish(),
})

/** @throws {HttpError} `HTTP_BODY_INVALID` naming the field. */
export function toDryRunMessage(json: unknown): DryRunMessage {
  const parsed = dryRunBody.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue?.path.join('.') ?? ''
    throw new HttpError({ code: 'HTTP_BODY_INVALID', problem: `${field || 'it'}: ${issue?.message ?? 'invalid'}` })
  }
  const { Id, Owner, Target, Data, Anchor, Tags, Timestamp, 'Block-Height': blockHeight } = parsed.data
  const from = Tags.find(({ name }) => name === 'From-Process')?.value || undefined
  return {
    owner: Owner,
    tags: Tags.filter(isNotIdentity),
    data: dataText(Data),
    ...(from === undefined ? {} : { from, forwardedBy: Owner }),
    ...(Id === null || Id === undefined ? {} : { id: Id }),
    ...(Target === null || Target === undefined ? {} : { target: Target }),
    ...(Anchor === null || Anchor === undefined ? {} : { anchor: Anchor }),
    ...(Timestamp === null || Timestamp === undefined ? {} : { timestampMs: Timestamp }),
    ...(blockHeight === null || blockHeight === undefined ? {} : { blockHeight }),
  }
}

/** Senders must not claim to be someone by a tag. Wire protocol 4.5. */
function isNotIdentity({ name }: Tag): boolean {
  return name !== 'From' && name !== 'Owner'
}

function dataText(data: unknown): string | undefined {
  if (data === undefined || data === null) return undefined
  return typeof data === 'string' ? data : JSON.stringify(data)
}
