import type { GatewayAnswer } from '../../plugins/plugin.ts'
import type { ClientExchange, ClientListener } from '../client-exchange.ts'

type Reader = { limitBytes: number; resolve: (body: Buffer | null) => void }

/**
 * The body of a request between the client and whoever wants it: plugins may read, replace and
 * bound it, and what was read can still be sent on. Holds no more than the largest limit that a
 * reader gave, plus one piece.
 */
export class RequestBody {
  private readonly client: ClientExchange
  private readonly owner: { overflow(answer: GatewayAnswer): void }
  /** Most requests have no body. */
  private pieces: Buffer[] = none
  private held = 0
  private passed = 0
  private started = false
  private complete: boolean
  private trailers: readonly string[] | null = null
  private dropped = false
  private reader: Reader | null = null
  /** Undefined: the client's own body. */
  private replaced: Buffer | null | undefined = undefined
  private bound: { limitBytes: number; answer: GatewayAnswer } | null = null
  /** Who the body goes to, once it goes on. */
  private sink: ClientListener | null = null

  constructor(client: ClientExchange, owner: { overflow(answer: GatewayAnswer): void }) {
    this.client = client
    this.owner = owner
    this.complete = client.bodyLength === 0
  }

  /** 0 without a body, null when unknown. */
  get length(): number | null {
    if (this.replaced !== undefined) return this.replaced?.length ?? 0
    return this.complete ? this.held : this.client.bodyLength
  }

  /** Whether the framing of the client holds no more. */
  get changed(): boolean {
    return this.replaced !== undefined || (this.complete && this.started)
  }

  get isComplete(): boolean {
    return this.complete || this.replaced !== undefined
  }

  /** What a repeated request can send: null without a body, or when it is not known as a whole. */
  get known(): Buffer | null {
    if (this.replaced !== undefined) return this.replaced
    return this.complete && this.held > 0 ? this.whole() : null
  }

  read(limitBytes: number): Promise<Buffer | null> {
    if (this.replaced !== undefined) {
      const body = this.replaced ?? empty
      return Promise.resolve(body.length > limitBytes ? null : body)
    }
    if ((this.client.bodyLength ?? 0) > limitBytes || this.held > limitBytes) {
      return Promise.resolve(null)
    }
    if (this.complete) return Promise.resolve(this.whole())
    const { promise, resolve } = Promise.withResolvers<Buffer | null>()
    this.reader = { limitBytes, resolve }
    this.flow()
    return promise
  }

  replace(body: Buffer | null): void {
    this.replaced = body
    this.pieces = none
    this.held = 0
    this.drop()
  }

  limit(limitBytes: number, answer: GatewayAnswer): void {
    if (this.bound !== null && this.bound.limitBytes <= limitBytes) return
    this.bound = { limitBytes, answer }
    if (this.held > limitBytes) this.owner.overflow(answer)
  }

  /** From here on the body goes to the sink. */
  startTo(sink: ClientListener): void {
    this.sink = sink
    if (this.replaced !== undefined) {
      if (this.replaced !== null && this.replaced.length > 0) sink.onBody(this.replaced)
      return sink.onBodyEnd(null)
    }
    const { pieces } = this
    this.pieces = none
    for (const piece of pieces) sink.onBody(piece)
    if (this.complete) sink.onBodyEnd(this.trailers)
    else this.flow()
  }

  pause(): void {
    if (!this.isComplete) this.client.pauseBody()
  }

  resume(): void {
    if (!this.isComplete) this.client.resumeBody()
  }

  /** Nobody wants the rest. */
  drop(): void {
    if (this.dropped || this.complete) return
    this.dropped = true
    this.settleReader(null)
    this.client.dropBody()
  }

  onBytes(bytes: Buffer): void {
    if (this.dropped) return
    this.passed += bytes.length
    if (this.bound !== null && this.passed > this.bound.limitBytes) {
      return this.owner.overflow(this.bound.answer)
    }
    if (this.sink !== null) return this.sink.onBody(bytes)
    const piece = Buffer.from(bytes)
    if (this.pieces === none) this.pieces = [piece]
    else this.pieces.push(piece)
    this.held += bytes.length
    if (this.reader !== null && this.held > this.reader.limitBytes) this.settleReader(null)
    if (this.reader === null) this.client.pauseBody()
  }

  onEnd(trailers: readonly string[] | null): void {
    if (this.dropped) return
    this.complete = true
    if (this.sink !== null) return this.sink.onBodyEnd(trailers)
    this.trailers = trailers
    this.settleReader(this.whole())
  }

  /** The client has left: nobody waits any more. */
  onClose(): void {
    this.dropped = true
    this.settleReader(null)
  }

  /** How much has come in. */
  get bytes(): number {
    return this.passed
  }

  private flow(): void {
    if (this.started) return this.client.resumeBody()
    this.started = true
    this.client.startBody()
  }

  private whole(): Buffer {
    const [first] = this.pieces
    if (first === undefined) return empty
    if (this.pieces.length === 1) return first
    const body = Buffer.concat(this.pieces)
    this.pieces = [body]
    return body
  }

  private settleReader(body: Buffer | null): void {
    const { reader } = this
    this.reader = null
    reader?.resolve(body)
  }
}

const empty = Buffer.alloc(0)
/** Stands for no pieces; never written to. */
const none: Buffer[] = []
