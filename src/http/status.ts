import type { ArchiveErrorCode } from '../archive/errors.ts'
import type { ComputeErrorInfo } from '../compute/errors.ts'
import type { NetworkErrorInfo } from '../network/errors.ts'
import type { ProtocolErrorCode } from '../protocol/errors.ts'
import { errorCode } from '../protocol/loom-error.ts'
import type { SchedulerErrorInfo } from '../scheduler/errors.ts'
import type { StoreErrorInfo } from '../store/errors.ts'
import type { VmErrorInfo } from '../vm/errors.ts'
import type { HttpErrorCode } from './errors.ts'

type Code =
  | ProtocolErrorCode
  | (SchedulerErrorInfo | StoreErrorInfo | VmErrorInfo | ComputeErrorInfo | NetworkErrorInfo)['code']
  | ArchiveErrorCode
  | HttpErrorCode

type ErrorStatus = 400 | 403 | 404 | 408 | 409 | 413 | 416 | 422 | 431 | 500 | 501 | 503 | 507

/**
 * HTTP status by error code, so that no route decides it. A new code of any room does not compile until it has a row.
 *
 * 503 says that the same request may succeed later, 507 that it may when there is room on the disk; 500 is our fault, and
 * its text stays in the log.
 */
const statusByCode: { readonly [C in Code]: ErrorStatus } = {
  PROTOCOL_ID_INVALID: 400,
  PROTOCOL_ADDRESS_INVALID: 400,
  PROTOCOL_BASE64URL_INVALID: 400,
  PROTOCOL_TEXT_MALFORMED: 400,
  PROTOCOL_DEPTH_EXCEEDED: 400,
  PROTOCOL_ITEM_TRUNCATED: 400,
  PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED: 400,
  PROTOCOL_OWNER_INVALID: 400,
  PROTOCOL_PRESENCE_BYTE_INVALID: 400,
  PROTOCOL_TAG_BYTES_EXCEEDED: 400,
  PROTOCOL_TAG_COUNT_EXCEEDED: 400,
  PROTOCOL_TAG_COUNT_MISMATCH: 400,
  PROTOCOL_TAGS_MALFORMED: 400,
  PROTOCOL_ANCHOR_INVALID: 400,
  PROTOCOL_SIGNATURE_INVALID: 400,
  PROTOCOL_KEY_INVALID: 500,
  PROTOCOL_SIGNER_INVALID: 500,
  PROTOCOL_BUNDLE_MALFORMED: 400,
  PROTOCOL_BUNDLE_ITEM_INVALID: 400,
  PROTOCOL_TRANSACTION_INVALID: 400,
  PROTOCOL_ASSIGNMENT_INVALID: 400,

  SCHEDULER_PROCESS_UNKNOWN: 404,
  SCHEDULER_TAG_INVALID: 400,
  SCHEDULER_TARGET_MISSING: 400,
  SCHEDULER_MODULE_UNKNOWN: 400,
  SCHEDULER_MODULE_UNSUPPORTED: 422,
  SCHEDULER_ITEM_UNKNOWN: 404,
  SCHEDULER_BASE_LAYER_UNSUPPORTED: 501,
  SCHEDULER_FORK_NONCE_UNKNOWN: 400,
  SCHEDULER_FORK_TOO_DEEP: 422,
  SCHEDULER_CONFLICT: 409,

  STORE_CLOSED: 503,
  STORE_LOCKED: 500,
  STORE_SCHEMA_UNKNOWN: 500,
  STORE_CORRUPT: 500,
  STORE_WRITE_FAILED: 503,
  STORE_FULL: 507,
  STORE_MISSING: 500,
  STORE_TARGET_TAKEN: 500,
  STORE_TARGET_FULL: 500,
  STORE_BUSY: 503,
  STORE_TOO_LARGE: 413,
  STORE_PAGE_CORRUPT: 500,
  STORE_ASSIGNMENT_INVALID: 500,
  STORE_COMMIT_INVALID: 500,
  STORE_CHECKPOINT_INVALID: 500,
  STORE_MANIFEST_INVALID: 500,
  STORE_LIMIT_INVALID: 400,
  STORE_CURSOR_INVALID: 400,
  STORE_QUERY_TOO_BROAD: 400,

  VM_ENGINE_MISMATCH: 500,
  VM_WASM_UNSUPPORTED: 422,
  VM_MODULE_REJECTED: 422,
  VM_RESULT_MALFORMED: 422,
  VM_OUT_OF_GAS: 422,
  VM_TRAPPED: 422,
  VM_HOST_FAULT: 503,
  VM_PATH_INVALID: 400,
  VM_STATE_UNREADABLE: 422,
  VM_STATE_TOO_LARGE: 422,

  COMPUTE_PROCESS_UNKNOWN: 404,
  COMPUTE_MODULE_MISSING: 422,
  COMPUTE_BOOT_ITEM_MISSING: 422,
  COMPUTE_SNAPSHOT_UNUSABLE: 500,
  COMPUTE_NONCE_UNKNOWN: 404,
  COMPUTE_THREAD_FAILED: 503,
  COMPUTE_STATE_LOST: 503,
  COMPUTE_FENCED: 503,
  COMPUTE_CLOSED: 503,

  NETWORK_MESSAGE_UNKNOWN: 404,
  NETWORK_PROCESS_UNKNOWN: 404,
  NETWORK_CLOSED: 503,
  NETWORK_BUNDLE_TOO_LARGE: 413,
  NETWORK_DEVELOPMENT_ONLY: 403,
  NETWORK_REVERTED: 409,
  NETWORK_SNAPSHOT_UNKNOWN: 404,
  NETWORK_SNAPSHOT_UNSUPPORTED: 501,
  NETWORK_TIME_INVALID: 400,
  NETWORK_CLOCK_UNREADABLE: 500,
  NETWORK_KEY_UNREADABLE: 500,

  ARCHIVE_PROCESS_UNKNOWN: 404,
  ARCHIVE_NOT_EVALUATED: 409,
  ARCHIVE_NONCE_INVALID: 400,
  ARCHIVE_ITEM_MISSING: 422,
  ARCHIVE_FORMAT_INVALID: 400,
  ARCHIVE_VERSION_UNKNOWN: 400,
  ARCHIVE_ENGINE_OTHER: 422,
  ARCHIVE_DIFFERS: 422,
  ARCHIVE_CONFLICT: 409,
  ARCHIVE_CERTIFICATE_INVALID: 400,
  ARCHIVE_CERTIFICATE_DIFFERS: 422,

  HTTP_ROUTE_UNKNOWN: 404,
  HTTP_NOT_SUPPORTED: 501,
  HTTP_REQUEST_MALFORMED: 400,
  HTTP_REQUEST_TIMEOUT: 408,
  HTTP_HEADERS_TOO_LARGE: 431,
  HTTP_BODY_TOO_LARGE: 413,
  HTTP_BODY_INCOMPLETE: 400,
  HTTP_BODY_MISSING: 400,
  HTTP_BODY_INVALID: 400,
  HTTP_PARAMETER_INVALID: 400,
  HTTP_ASSIGN_INCOMPLETE: 400,
  HTTP_ITEM_UNKNOWN: 404,
  // The SU's own word for it: wire protocol 6.2 has 400, and its clients look at the status.
  HTTP_SCHEDULE_UNKNOWN: 400,
  HTTP_MONITOR_TARGET: 400,
  HTTP_MONITOR_FORBIDDEN: 403,
  HTTP_MONITORS_FULL: 503,
  HTTP_EXPORTS_FULL: 503,
  HTTP_EVENT_STREAMS_FULL: 503,
  HTTP_EVENT_PATHS_FULL: 503,
  HTTP_MEMORY_DUMPS_FULL: 503,
  HTTP_OUTPUT_NUMBER_INVALID: 400,
  HTTP_OUTPUT_UNKNOWN: 404,
  HTTP_TRACE_FILTERS: 422,
  HTTP_RANGE_UNSATISFIABLE: 416,
  HTTP_MANIFEST_INVALID: 422,
  HTTP_MANIFEST_PATH_UNKNOWN: 404,
  HTTP_BLOCK_UNKNOWN: 404,
  HTTP_TRANSACTION_TOO_LARGE: 413,
  HTTP_GATEWAY_FULL: 503,
  HTTP_CHUNK_REFUSED: 400,
  HTTP_CHUNKS_NONE: 404,
  HTTP_CHUNK_UNKNOWN: 404,
}

/** What a client is told about an error: nothing of our inside. */
export interface PublicError {
  readonly status: ErrorStatus
  readonly body: { readonly error: string; readonly code: string }
}

const internal: PublicError = {
  status: 500,
  body: { error: 'The node failed to answer this request. Its log says why.', code: 'INTERNAL' },
}

/** Errors may have crossed a thread, so their code is looked at, not their class. */
export function publicError(error: unknown): PublicError {
  const code = errorCode(error)
  if (code === undefined || !isKnown(code)) return internal
  const status = statusByCode[code]
  if (status === 500) return { status, body: { ...internal.body, code } }
  return { status, body: { error: messageOf(error), code } }
}

function isKnown(code: string): code is Code {
  return Object.hasOwn(statusByCode, code)
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
}
