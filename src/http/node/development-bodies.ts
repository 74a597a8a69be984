import { z } from 'zod'
import { HttpError } from '../errors.ts'
import { parseJson } from '../request.ts'

/** Bodies of `POST /api/development/…`; other keys are ignored. @throws {HttpError} `HTTP_BODY_INVALID` naming the field. */
export const parseRevert = bodyParser(z.object({ snapshot: z.string() }))

export const parseClockMove = bodyParser(z.union([z.object({ byMs: z.number() }), z.object({ toMs: z.number() })]))

export const parseSubmitAs = bodyParser(
  z.object({
    from: z.string(),
    target: z.string().optional(),
    tags: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
    data: z.string().default(' '),
    anchor: z.string().optional(),
  }),
)

export const parseRehearsal = bodyParser(
  z.object({ processId: z.string(), code: z.string(), last: z.number().optional() }),
)

function bodyParser<Body>(schema: z.ZodType<Body>): (bytes: Uint8Array) => Body {
  return (bytes) => {
    const parsed = schema.safeParse(parseJson(bytes))
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    const field = issue?.path.join('.') ?? ''
    throw new HttpError({ code: 'HTTP_BODY_INVALID', problem: `${field || 'it'}: ${issue?.message ?? 'invalid'}` })
  }
}
