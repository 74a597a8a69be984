import { connect, type Socket } from 'node:net'

/**
 * A keep-alive connection that sends one request at a time and costs the client little, so that a bench on two cores
 * measures the server. Understands `Content-Length` and chunked answers, nothing more.
 */
export class LeanConnection {
  readonly #socket: Socket
  readonly #host: string
  #received: Buffer = Buffer.alloc(0)
  #waiting: ((answer: { status: number; body: string }) => void) | undefined
  #failed: ((error: Error) => void) | undefined

  constructor(url: string) {
    const { hostname, port, host } = new URL(url)
    this.#host = host
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true })
    this.#socket.on('data', (chunk) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
      this.#tryAnswer()
    })
    this.#socket.on('error', (error) => this.#failed?.(error))
  }

  get(path: string): Promise<{ status: number; body: string }> {
    return this.#send(`GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n\r\n`)
  }

  post(path: string, body: Uint8Array, type = 'application/octet-stream'): Promise<{ status: number; body: string }> {
    const head = `POST ${path} HTTP/1.1\r\nhost: ${this.#host}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`
    return this.#send(Buffer.concat([Buffer.from(head), body]))
  }

  close(): void {
    this.#socket.destroy()
  }

  #send(request: string | Buffer): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      this.#waiting = resolve
      this.#failed = reject
      this.#socket.write(request)
    })
  }

  #tryAnswer(): void {
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = this.#received.toString('latin1', 0, headEnd).toLowerCase()
    const status = Number(head.slice(9, 12))
    const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1]
    const bodyStart = headEnd + 4
    const body = length === undefined ? this.#chunked(bodyStart) : this.#whole(bodyStart, Number(length))
    if (body === undefined) return
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.({ status, body })
  }

  #whole(start: number, length: number): string | undefined {
    if (this.#received.length < start + length) return undefined
    const body = this.#received.toString('utf8', start, start + length)
    this.#received = this.#received.subarray(start + length)
    return body
  }

  #chunked(start: number): string | undefined {
    const parts: Buffer[] = []
    for (let at = start; ; ) {
      const lineEnd = this.#received.indexOf('\r\n', at)
      if (lineEnd < 0) return undefined
      const size = Number.parseInt(this.#received.toString('latin1', at, lineEnd), 16)
      const next = lineEnd + 2 + size + 2
      if (this.#received.length < next) return undefined
      if (size === 0) {
        this.#received = this.#received.subarray(next)
        return Buffer.concat(parts).toString('utf8')
      }
      parts.push(this.#received.subarray(lineEnd + 2, lineEnd + 2 + size))
      at = next
    }
  }
}
