/** One event, as a client sees it. */
export interface SeenEvent {
  readonly type: string
  readonly id: string
  readonly data: Record<string, unknown>
}

/** Reads a stream of events like a client: by the rules of the HTML standard, as far as they are used. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  #text = ''
  #seen: SeenEvent[] = []
  #isEnded = false
  /** As the browser would send it in `Last-Event-ID`. */
  lastEventId = ''
  comments = 0

  constructor(response: Response) {
    if (response.body === null) throw new Error('The answer has no body.')
    this.#reader = response.body.getReader()
  }

  /** The next event but `ready`; undefined at the end of the stream. */
  async next(): Promise<SeenEvent | undefined> {
    while (this.#seen.length === 0 && !this.#isEnded) await this.#read()
    return this.#seen.shift()
  }

  async take(count: number): Promise<SeenEvent[]> {
    const events: SeenEvent[] = []
    for (let event = await this.next(); event !== undefined; event = await this.next()) {
      events.push(event)
      if (events.length === count) break
    }
    return events
  }

  /** All until the one that `isLast`, which is among them. */
  async until(isLast: (event: SeenEvent) => boolean): Promise<SeenEvent[]> {
    const events: SeenEvent[] = []
    for (let event = await this.next(); event !== undefined; event = await this.next()) {
      events.push(event)
      if (isLast(event)) return events
    }
    throw new Error(`The stream ended after ${JSON.stringify(events)}.`)
  }

  async comment(): Promise<void> {
    for (const before = this.comments; this.comments === before && !this.#isEnded; ) await this.#read()
  }

  cancel(): Promise<void> {
    return this.#reader.cancel()
  }

  async #read(): Promise<void> {
    const { done, value } = await this.#reader.read()
    this.#isEnded = done
    this.#text += this.#decoder.decode(value, { stream: !done })
    const blocks = this.#text.split('\n\n')
    this.#text = blocks.pop() ?? ''
    for (const block of blocks) this.#accept(block)
  }

  #accept(block: string): void {
    let type = 'message'
    let data: string | undefined
    for (const line of block.split('\n')) {
      const [, name, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
      if (name === '') this.comments += 1
      if (name === 'id') this.lastEventId = value
      if (name === 'event') type = value
      if (name === 'data') data = value
    }
    if (data === undefined) return
    this.#seen.push({ type, id: this.lastEventId, data: JSON.parse(data) as Record<string, unknown> })
  }
}
