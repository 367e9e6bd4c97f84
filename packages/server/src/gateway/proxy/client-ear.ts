import type { ClientListener } from './client-exchange.ts'

/** What an exchange hears of its client. */
export type HearsClient = {
  takeBody(bytes: Buffer): void
  endBody(trailers: readonly string[] | null): void
  onDrain(): void
  onClientClose(): void
}

/** The client's side of an exchange: both sides have bodies, and one name for them. */
export class ClientEar implements ClientListener {
  private readonly exchange: HearsClient

  constructor(exchange: HearsClient) {
    this.exchange = exchange
  }

  onBody(bytes: Buffer): void {
    this.exchange.takeBody(bytes)
  }

  onBodyEnd(trailers: readonly string[] | null): void {
    this.exchange.endBody(trailers)
  }

  onDrain(): void {
    this.exchange.onDrain()
  }

  onClose(): void {
    this.exchange.onClientClose()
  }
}
