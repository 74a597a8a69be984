import { LoomError } from '../protocol/loom-error.ts'

export type TestingErrorInfo =
  | { readonly code: 'TESTING_EVAL_FAILED'; readonly processId: string; readonly error: string }
  | {
      readonly code: 'TESTING_STATE_UNREADABLE'
      readonly processId: string
      readonly expression: string
      readonly error: string
    }
  | { readonly code: 'TESTING_CLOCK_BACKWARDS'; readonly byMs: number }

type Code = TestingErrorInfo['code']
type InfoOf<C extends Code> = Extract<TestingErrorInfo, { code: C }>

const messages: { [C in Code]: (info: InfoOf<C>) => string } = {
  TESTING_EVAL_FAILED: ({ processId, error }) =>
    `Process ${processId} refused the code: ${error}\nCorrect the code, or send it with the action Eval to look at the failure.`,
  TESTING_STATE_UNREADABLE: ({ processId, expression, error }) =>
    `Process ${processId} has no JSON for ${expression}: ${error}\nAsk for an expression whose value is text, a number, a boolean or a table of these.`,
  TESTING_CLOCK_BACKWARDS: ({ byMs }) =>
    `A test clock only goes forward; it was asked to go ${byMs} ms. Give 0 or more.`,
}

/** Something is wrong with the test itself. What a process answers is never thrown: it is in the result. */
export class TestingError extends LoomError<TestingErrorInfo> {
  override readonly name = 'TestingError'

  constructor(info: TestingErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: TestingErrorInfo) => string
    super(message(info), info, options)
  }
}
