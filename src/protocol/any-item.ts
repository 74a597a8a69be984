import { parseDataItem, verifyDataItem } from './data-item.ts'
import { isTransactionBytes, parseTransaction, type Transaction, verifyTransactionData } from './transaction.ts'
import type { DataItem } from './types.ts'

/** What can be stored under an id: a data item, or a layer-1 transaction. Both have owner, target, tags and data. */
export type AnyItem = DataItem | Transaction

/** @throws {ProtocolError} as {@link parseDataItem} and {@link parseTransaction} do. */
export function parseAnyItem(bytes: Uint8Array): AnyItem {
  return isTransactionBytes(bytes) ? parseTransaction(bytes) : parseDataItem(bytes)
}

export function isTransaction(item: AnyItem): item is Transaction {
  return 'dataRoot' in item
}

/**
 * Checks that the owner signed it, data included.
 *
 * @throws {ProtocolError} `PROTOCOL_SIGNATURE_INVALID`; as {@link verifyTransactionData} does (as a rejection).
 */
export async function verifyAnyItem(item: AnyItem): Promise<void> {
  await (isTransaction(item) ? verifyTransactionData(item) : verifyDataItem(item))
}
