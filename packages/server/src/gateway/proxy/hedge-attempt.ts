import type { Endpoint } from './balance/endpoint.ts'
import type { ClientAddress } from './client-exchange.ts'
import type { Loss, Tenant, UpstreamConnection } from './connection.ts'
import type { ResponseHead } from './response-parser.ts'

/** The exchange that a hedge belongs to. */
export type HedgeOwner = {
  /** Who hears of everything once the hedge has won. */
  readonly tenant: Tenant
  /** Writes the request, as to any endpoint. */
  writeTo(connection: UpstreamConnection, endpoint: Endpoint): void
  /** Whether the head that just came wins; the other attempt is given up then. */
  adopt(hedge: HedgeAttempt, connection: UpstreamConnection): boolean
  onHedgeLoss(hedge: HedgeAttempt, loss: Loss): void
}

/**
 * A second attempt beside the first. From its head on it is the exchange's own; before that,
 * nobody hears of it.
 */
export class HedgeAttempt implements Tenant {
  readonly endpoint: Endpoint
  private readonly owner: HedgeOwner
  private connection: UpstreamConnection | null = null
  private adopted = false
  private over = false

  constructor(owner: HedgeOwner, endpoint: Endpoint) {
    this.owner = owner
    this.endpoint = endpoint
  }

  get clientAddress(): ClientAddress | undefined {
    return this.owner.tenant.clientAddress
  }

  /** It came second. The endpoint is the caller's to end. */
  giveUp(): void {
    if (this.adopted || this.over) return
    this.over = true
    if (this.connection === null) this.endpoint.origin.forget(this)
    else this.connection.abandon()
  }

  onReady(connection: UpstreamConnection): void {
    if (this.over) return connection.abandon()
    this.connection = connection
    this.owner.writeTo(connection, this.endpoint)
  }

  onHead(head: ResponseHead): void {
    const { connection } = this
    if (this.over || connection === null) return
    if (!this.owner.adopt(this, connection)) return this.giveUp()
    this.adopted = true
    this.owner.tenant.onHead(head)
  }

  onInformational(head: ResponseHead): void {
    if (this.adopted) this.owner.tenant.onInformational(head)
  }

  onBody(bytes: Buffer): void {
    if (this.adopted) this.owner.tenant.onBody(bytes)
  }

  onPartial(): void {
    if (this.adopted) this.owner.tenant.onPartial()
  }

  onEnd(trailers: string[] | null): void {
    if (this.adopted) this.owner.tenant.onEnd(trailers)
  }

  onWritable(): void {
    if (this.adopted) this.owner.tenant.onWritable()
  }

  onLoss(loss: Loss): void {
    if (this.adopted) return this.owner.tenant.onLoss(loss)
    if (this.over) return
    this.over = true
    this.owner.onHedgeLoss(this, loss)
  }

  onDeadline(nowMs: number): boolean {
    return this.adopted && this.owner.tenant.onDeadline(nowMs)
  }
}
