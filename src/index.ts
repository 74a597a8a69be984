/**
 * Loom as a library: a whole AO network in this process.
 *
 * @example
 * const network = await createNetwork()
 * const { id, processId } = await network.submit(signedProcessItem)
 * console.log((await network.result(processId, id)).json)
 * await network.close()
 *
 * @module
 */
export { createNetwork } from './network/network.ts'
export type {
  LastChange,
  Network,
  NetworkEvent,
  NetworkInfo,
  NetworkOptions,
  StateChange,
  StateReading,
  StateRequest,
  Submission,
} from './network/types.ts'
export { createDataItem, parseDataItem, verifyDataItem } from './protocol/data-item.ts'
export type { Address, ItemId, ProcessId } from './protocol/ids.ts'
export { createEd25519Signer, createEthereumSigner, createRsaSigner, createSolanaSigner } from './protocol/signers.ts'
export type { DataItem, DataItemDraft, Signer, Tag } from './protocol/types.ts'
export type { StoredResult } from './store/types.ts'
