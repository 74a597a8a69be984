import { parentPort, workerData } from 'node:worker_threads'
import { errorCode } from '../protocol/loom-error.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import { createLuaEngine } from '../vm/lua/lua-vm.ts'
import { Evaluator } from './evaluator.ts'
import type { NumberedRequest, ThreadOptions, ThreadReply, ThreadRequest } from './thread-protocol.ts'

const { module, signerSeed } = workerData as ThreadOptions
const evaluator = new Evaluator(createLuaEngine(module), createEd25519Signer(signerSeed))

/** Replies are gathered for one message, but a quick one does not wait for a slow one longer than this. */
const replyDelayMsMax = 1

parentPort?.on('message', (requests: readonly NumberedRequest[]) => {
  let replies: ThreadReply[] = []
  let sinceMs = performance.now()
  for (const { requestId, request } of requests) {
    replies.push(answer(requestId, request))
    const nowMs = performance.now()
    if (nowMs - sinceMs < replyDelayMsMax) continue
    parentPort?.postMessage(replies)
    replies = []
    sinceMs = nowMs
  }
  if (replies.length > 0) parentPort?.postMessage(replies)
})

function answer(requestId: number, request: ThreadRequest): ThreadReply {
  try {
    return { requestId, ok: true, value: evaluator.handle(request) }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { requestId, ok: false, error: text, code: errorCode(error) }
  }
}
