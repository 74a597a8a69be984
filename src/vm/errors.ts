import { LoomError } from '../protocol/loom-error.ts'

export type VmErrorInfo =
  | { readonly code: 'VM_ENGINE_MISMATCH'; readonly file: string; readonly sha256: string; readonly expected: string }
  | { readonly code: 'VM_WASM_UNSUPPORTED'; readonly what: string; readonly offset: number }
  | { readonly code: 'VM_MODULE_REJECTED'; readonly reason: string }
  | { readonly code: 'VM_RESULT_MALFORMED'; readonly what: string; readonly offset: number }
  | { readonly code: 'VM_OUT_OF_GAS'; readonly gasLimit: number }
  | { readonly code: 'VM_TRAPPED'; readonly reason: string }
  | { readonly code: 'VM_HOST_FAULT'; readonly reason: string }
  | { readonly code: 'VM_PATH_INVALID'; readonly path: string; readonly position: number; readonly problem: string }
  | { readonly code: 'VM_STATE_UNREADABLE'; readonly reason: string }
  | { readonly code: 'VM_STATE_TOO_LARGE'; readonly path: string; readonly limit: string }

type Code = VmErrorInfo['code']
type InfoOf<C extends Code> = Extract<VmErrorInfo, { code: C }>

const messages: { [C in Code]: (info: InfoOf<C>) => string } = {
  VM_ENGINE_MISMATCH: ({ file, sha256, expected }) =>
    `The Lua engine ${file} has SHA-256 ${sha256}, not ${expected}. States would differ between machines. Reinstall lua-wasm-bindings at the version package.json names.`,
  VM_WASM_UNSUPPORTED: ({ what, offset }) => `The WASM module uses ${what} at byte ${offset}, which cannot be metered.`,
  VM_MODULE_REJECTED: ({ reason }) => `The module's Lua source cannot be loaded: ${reason}`,
  VM_RESULT_MALFORMED: ({ what, offset }) =>
    `The process answered with a malformed result (${what} at byte ${offset}). Does its code write to the engine's channel?`,
  VM_OUT_OF_GAS: ({ gasLimit }) =>
    `Out of gas: the message used more than its limit of ${gasLimit} units. Look for a loop that does not end, or split the work over several messages.`,
  VM_TRAPPED: ({ reason }) => `The evaluation trapped: ${reason}.`,
  VM_HOST_FAULT: ({ reason }) => `The host failed, not the process: ${reason}. The message is evaluated again later.`,
  VM_PATH_INVALID: ({ path, position, problem }) =>
    `The path ${JSON.stringify(path)} cannot be read at character ${position}: ${problem}. Paths look like Balances.alice, Inbox[1].Data or State.users["a.b"].name; the empty path stands for all globals.`,
  VM_STATE_UNREADABLE: ({ reason }) => `The process has no state that can be read: ${reason}`,
  VM_STATE_TOO_LARGE: ({ path, limit }) =>
    `${path === '' ? 'The state' : `What is at ${path}`} is too large for this: it has more than ${limit}. Give a path to a part of it.`,
}

/** Failures of the engine. `VM_HOST_FAULT` is never a result: it is ours, and the evaluation is repeated. */
export class VmError extends LoomError<VmErrorInfo> {
  override readonly name = 'VmError'

  constructor(info: VmErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: VmErrorInfo) => string
    super(message(info), info, options)
  }
}
