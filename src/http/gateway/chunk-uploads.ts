import type { Network } from '../../network/types.ts'
import type { ItemId } from '../../protocol/ids.ts'
import { provenRange } from '../../protocol/merkle.ts'
import { createTransaction, type TransactionHeader } from '../../protocol/transaction.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { publicError } from '../status.ts'

export interface UploadedChunk {
  readonly dataRoot: Uint8Array
  readonly dataSize: number
  /** Of any byte of the chunk in the data. */
  readonly offset: number
  readonly path: Uint8Array
  readonly chunk: Uint8Array
}

type UploadTarget = Pick<Network, 'info' | 'uploadTransaction'>

/** What one data root waits for. */
interface Upload {
  /** Transactions with this data: usually one. */
  readonly headers: TransactionHeader[]
  /** Set aside when the first chunk comes. */
  data: Uint8Array | undefined
  /** Starts of the chunks that have come. Those of one root do not overlap. */
  readonly starts: Set<number>
  receivedBytes: number
  /** When the last chunk or transaction came. */
  touchedMs: number
  storing: Promise<void> | undefined
}

/**
 * Layer-1 transactions whose data comes by chunks, until it is whole and they are stored. Kept in memory, within the limits of
 * `httpLimits`: what has not come whole when the node stops is uploaded again.
 */
export class ChunkUploads {
  readonly #network: UploadTarget
  /** By data root and size; the one that was touched first is first. */
  readonly #uploads = new Map<string, Upload>()
  readonly #headers = new Map<ItemId, TransactionHeader>()
  /** Data that was stored lately: a client whose answer was lost sends the last chunk again. */
  readonly #stored = new Set<string>()
  #reservedBytes = 0

  constructor(network: UploadTarget) {
    this.#network = network
  }

  /** A transaction that waits for its data. */
  header(id: ItemId): TransactionHeader | undefined {
    this.#forgetIdle()
    return this.#headers.get(id)
  }

  get ids(): readonly ItemId[] {
    this.#forgetIdle()
    return [...this.#headers.keys()]
  }

  /**
   * Waits for the data of a verified transaction.
   *
   * @throws {HttpError} `HTTP_TRANSACTION_TOO_LARGE`, `HTTP_GATEWAY_FULL`.
   */
  add(header: TransactionHeader): void {
    const { transactionBytesMax, pendingTransactionsMax } = httpLimits
    if (header.dataSize > transactionBytesMax) {
      const sizeBytes = header.dataSize
      throw new HttpError({ code: 'HTTP_TRANSACTION_TOO_LARGE', sizeBytes, sizeBytesMax: transactionBytesMax })
    }
    if (this.header(header.id) !== undefined) return
    if (this.#headers.size >= pendingTransactionsMax) throw full('transactions wait for data', pendingTransactionsMax)
    const key = keyOf(header)
    const upload = this.#uploads.get(key)
    const fresh = { headers: [], data: undefined, starts: new Set<number>(), receivedBytes: 0, storing: undefined }
    this.#touch(key, upload ?? { ...fresh, touchedMs: 0 }).headers.push(header)
    this.#headers.set(header.id, header)
    this.#stored.delete(key)
  }

  /**
   * Takes a chunk that is proven. Resolves when it is kept; after the last one, when its transactions are stored.
   *
   * @throws {HttpError} `HTTP_CHUNK_REFUSED`, `HTTP_GATEWAY_FULL`; what {@link Network.uploadTransaction} throws.
   */
  async put(given: UploadedChunk): Promise<void> {
    this.#forgetIdle()
    const key = keyOf(given)
    const known = this.#uploads.get(key)
    if (known === undefined) {
      if (this.#stored.has(key)) return
      throw new HttpError({ code: 'HTTP_CHUNK_REFUSED', reason: 'data_root_not_found' })
    }
    const { dataRoot, dataSize: sizeBytes, offset, path, chunk } = given
    const range = provenRange(dataRoot, { sizeBytes, offset }, path, chunk)
    if (range === undefined) throw new HttpError({ code: 'HTTP_CHUNK_REFUSED', reason: 'invalid_proof' })

    const upload = this.#touch(key, known)
    const data = upload.data ?? this.#reserve(sizeBytes)
    upload.data = data
    if (!upload.starts.has(range.start)) {
      data.set(chunk, range.start)
      upload.starts.add(range.start)
      upload.receivedBytes += chunk.length
    }
    if (upload.receivedBytes === sizeBytes) await this.#store(key, upload, data)
  }

  /** Once, however many requests bring the last chunk; again when it failed and one brings it once more. */
  #store(key: string, upload: Upload, data: Uint8Array): Promise<void> {
    upload.storing ??= this.#storeAll(key, upload, data)
      .catch((error: unknown) => {
        // What is too large will not be smaller the next time.
        if (publicError(error).status === 413) this.#drop(key)
        throw error
      })
      .finally(() => {
        upload.storing = undefined
      })
    return upload.storing
  }

  async #storeAll(key: string, { headers }: Upload, data: Uint8Array): Promise<void> {
    // Others may be added meanwhile.
    for (let header = headers[0]; header !== undefined; header = headers[0]) {
      await this.#network.uploadTransaction(createTransaction(header, data))
      headers.shift()
      this.#headers.delete(header.id)
    }
    this.#drop(key)
    if (this.#stored.size >= httpLimits.pendingTransactionsMax) this.#stored.clear()
    this.#stored.add(key)
  }

  #touch(key: string, upload: Upload): Upload {
    upload.touchedMs = this.#network.info().timestampMs
    this.#uploads.delete(key)
    this.#uploads.set(key, upload)
    return upload
  }

  #reserve(sizeBytes: number): Uint8Array {
    const { pendingBytesMax } = httpLimits
    if (this.#reservedBytes + sizeBytes > pendingBytesMax) throw full('bytes are set aside for data', pendingBytesMax)
    this.#reservedBytes += sizeBytes
    return new Uint8Array(sizeBytes)
  }

  #forgetIdle(): void {
    const oldestMs = this.#network.info().timestampMs - httpLimits.pendingIdleMs
    for (const [key, { touchedMs, storing }] of this.#uploads) {
      if (touchedMs > oldestMs) return
      if (storing === undefined) this.#drop(key)
    }
  }

  #drop(key: string): void {
    const upload = this.#uploads.get(key)
    for (const { id } of upload?.headers ?? []) this.#headers.delete(id)
    this.#reservedBytes -= upload?.data?.length ?? 0
    this.#uploads.delete(key)
  }
}

function keyOf({ dataRoot, dataSize }: Pick<TransactionHeader, 'dataRoot' | 'dataSize'>): string {
  return `${Buffer.from(dataRoot).toString('hex')}/${dataSize}`
}

function full(what: string, max: number): HttpError {
  return new HttpError({ code: 'HTTP_GATEWAY_FULL', what, max })
}
