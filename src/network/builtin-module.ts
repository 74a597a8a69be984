import { luaModuleFormat } from '../compute/module-format.ts'
import { createDataItem } from '../protocol/data-item.ts'
import type { DataItem, Signer } from '../protocol/types.ts'
import { bundleLibrary, readLibraryFiles } from '../vm/lua/library-bundle.ts'
import { vmLimits } from '../vm/lua/lua-vm.ts'
import { luaEngineVersion } from '../vm/lua/lua-wasm.ts'

/**
 * Ids that stand for the built-in module: the published process library's, and the placeholder that tutorials print
 * where an id belongs. The scheduler records which module one stood for, so a process keeps the library it began with.
 */
export const moduleAliases: ReadonlySet<string> = new Set([
  'ISShJH1ij-hPPt9St5UFFr_8Ys3Kj5cyg7zrMGt7H9s',
  'MODULE_TX_ID',
])

/** The process library as an ordinary Module item, signed by the node: the same library and key give the same id. */
export function createBuiltinModule(signer: Signer): DataItem {
  const tags = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Type', value: 'Module' },
    { name: 'Module-Format', value: luaModuleFormat },
    { name: 'Engine-Version', value: luaEngineVersion },
    { name: 'Input-Encoding', value: 'JSON-1' },
    { name: 'Output-Encoding', value: 'JSON-1' },
    { name: 'Memory-Limit', value: `${vmLimits.memoryBytesDefault / 2 ** 20}-mb` },
    { name: 'Compute-Limit', value: String(vmLimits.gasPerMessage) },
    { name: 'Content-Type', value: 'text/x-lua' },
    { name: 'Name', value: 'loom-process' },
  ]
  return createDataItem({ tags, data: bundleLibrary(readLibraryFiles()) }, signer)
}
