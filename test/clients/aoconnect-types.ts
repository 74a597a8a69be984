import type { Tag } from '../../src/protocol/types.ts'

/** What the client's functions take and give; its own types are narrower than it is. */
export interface LegacyClient {
  spawn(args: SpawnArguments): Promise<string>
  message(args: MessageArguments): Promise<string>
  result(args: { process: string; message: string }): Promise<Result>
  results(args: { process: string; from?: string; sort?: string; limit?: number }): Promise<{
    edges: { cursor: string; node: Result }[]
  }>
  dryrun(args: { process: string; tags?: readonly Tag[]; data?: string; Owner?: string }): Promise<Result>
  assign(args: { process: string; message: string; exclude?: string[]; baseLayer?: boolean }): Promise<string>
  monitor(args: { process: string; signer: unknown }): Promise<string>
  unmonitor(args: { process: string; signer: unknown }): Promise<string>
}

/** What 0.0.98 has beyond 0.0.69. */
export interface NewLegacyClient extends LegacyClient {
  signMessage(args: MessageArguments): Promise<SignedMessage>
  sendSignedMessage(signed: SignedMessage): Promise<string>
  message(
    args: MessageArguments & { returnAssignmentSlot: true; returnMessageId: true },
  ): Promise<{ id: string; slot: string }>
  message(args: MessageArguments): Promise<string>
  getMessages(args: { processId: string; from: string; to: string }): Promise<{ edges: { node: SchedulerNode }[] }>
  getMessageById(args: { processId: string; messageId: string }): Promise<SchedulerNode>
  getLastSlot(args: { processId: string }): Promise<string | undefined>
}

export interface SignedMessage {
  readonly id: string
  readonly raw: Uint8Array<ArrayBuffer>
}

export interface SpawnArguments {
  readonly module: string
  readonly scheduler: string
  readonly tags?: readonly Tag[]
  readonly data?: string
  readonly signer: unknown
}

export interface MessageArguments {
  readonly process: string
  readonly tags?: readonly Tag[]
  readonly data?: string
  readonly anchor?: string
  readonly signer: unknown
}

export interface Result {
  readonly Messages: { readonly Target: string; readonly Data: string; readonly Tags: readonly Tag[] }[]
  readonly Spawns: unknown[]
  readonly Assignments: unknown[]
  readonly Output: { readonly data: string }
  readonly Error?: string
}

/** A node of the Scheduler Unit's JSON. */
export interface SchedulerNode {
  readonly message: { readonly id: string; readonly anchor: string | null; readonly tags: readonly Tag[] } | null
  readonly assignment: { readonly id: string; readonly tags: readonly Tag[] }
}

export interface Library extends LegacyClient {
  connect(options?: object): LegacyClient
  createDataItemSigner(wallet: unknown): unknown
  serializeCron(cron: { interval: string; tags?: readonly Tag[] }): readonly Tag[]
}
