import { closeSync, createReadStream, openSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { CliError } from '../errors.ts'

/** As much as one read takes. */
const readBytes = 262_144

/** Reads a file from its beginning, each time it is called. @throws {CliError} `CLI_FILE_UNREADABLE`, at once. */
export function fileReader(path: string): () => AsyncIterable<Uint8Array> {
  try {
    closeSync(openSync(path, 'r'))
  } catch (cause) {
    throw unreadable(path, cause)
  }
  return async function* chunks(): AsyncGenerator<Uint8Array> {
    const stream = createReadStream(path, { highWaterMark: readBytes })
    try {
      for await (const chunk of stream) yield chunk as Buffer
    } catch (cause) {
      throw unreadable(path, cause)
    }
  }
}

/**
 * Writes a file that appears under its name when it is whole and on the disk.
 *
 * @returns its size in bytes.
 * @throws {CliError} `CLI_FILE_UNWRITABLE`; and what `chunks` throws. No part of it is left then.
 */
export async function writeWholeFile(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const partial = `${path}.partial`
  const file = await open(partial, 'w').catch((cause: unknown) => {
    throw unwritable(path, cause)
  })
  try {
    const sizeBytes = await writeChunks(file, path, chunks)
    await rename(partial, path)
    return sizeBytes
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function writeChunks(file: FileHandle, path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let sizeBytes = 0
  const orUnwritable = async (writing: Promise<unknown>): Promise<void> => {
    await writing.catch((cause: unknown) => {
      throw unwritable(path, cause)
    })
  }
  try {
    for await (const chunk of chunks) {
      await orUnwritable(file.writeFile(chunk))
      sizeBytes += chunk.byteLength
    }
    await orUnwritable(file.sync())
    return sizeBytes
  } finally {
    await file.close()
  }
}

function unreadable(path: string, cause: unknown): CliError {
  return new CliError({ code: 'CLI_FILE_UNREADABLE', path, reason: reasonOf(cause) }, { cause })
}

function unwritable(path: string, cause: unknown): CliError {
  return new CliError({ code: 'CLI_FILE_UNWRITABLE', path, reason: reasonOf(cause) }, { cause })
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
