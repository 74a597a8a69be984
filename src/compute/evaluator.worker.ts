import { parentPort, workerData } from 'node:worker_threads'
import { errorCode } from '../protocol/loom-error.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import { createLuaEngine } from '../vm/lua/lua-vm.ts'
import { Evaluator } from './evaluator.ts'
import type { ThreadOptions, ThreadReply, ThreadRequest } from './thread-protocol.ts'

const { module, signerSeed } = workerData as ThreadOptions
const evaluator = new Evaluator(createLuaEngine(module), createEd25519Signer(signerSeed))

parentPort?.on('message', ({ requestId, request }: { requestId: number; request: ThreadRequest }) => {
  parentPort?.postMessage(answer(requestId, request))
})

function answer(requestId: number, request: ThreadRequest): ThreadReply {
  try {
    return { requestId, ok: true, value: evaluator.handle(request) }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { requestId, ok: false, error: text, code: errorCode(error) }
  }
}
