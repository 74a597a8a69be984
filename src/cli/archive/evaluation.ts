import { ComputeThread } from '../../compute/compute-thread.ts'
import type { EvaluationThread } from '../../compute/thread-protocol.ts'
import { compileLuaWasm } from '../../vm/lua/lua-wasm.ts'

/**
 * Gives `work` a thread of its own to evaluate in: with the stack that evaluation needs, and beside this one, which checks
 * signatures meanwhile.
 *
 * @param signerSeed - Signs what processes send; it matters only where that is compared.
 */
export async function withEvaluationThread<T>(
  signerSeed: Uint8Array,
  work: (thread: EvaluationThread) => Promise<T>,
): Promise<T> {
  const thread = new ComputeThread({ module: compileLuaWasm(), signerSeed })
  try {
    return await work(thread)
  } finally {
    await thread.close()
  }
}

/** For evaluations whose outbox nobody looks at. */
export const anySeed: Uint8Array = new Uint8Array(32)
