import type { Socket } from 'node:net'

import type { FrontBounds } from './bounds.ts'
import type { FrontHost } from './host.ts'
import { Http1Connection } from './http1-connection.ts'
import type { Http1Exchange } from './http1-exchange.ts'

/** HTTP/1.1 as usual clients speak it. What is not usual goes to `handOver`. */
export class Http1Front {
  readonly bounds: FrontBounds
  readonly newId: () => string
  /** `rest`: what was read and not used; `first`: nothing was before it. */
  readonly handOver: (socket: Socket, rest: Buffer, first: boolean) => void
  /** Monotonic, as of the last sweep: deadlines need no clock of their own for every request. */
  nowMs: number
  /** Of this second, as the last lines of heads. */
  dateLine = ''
  datedKeepTail = ''
  readonly keepTail: string
  private readonly host: FrontHost
  private readonly track: (socket: Socket) => void
  private readonly connections = new Set<Http1Connection>()

  /** `track`: is told of every socket before anything else. */
  constructor(
    host: FrontHost,
    track: (socket: Socket) => void,
    handOver: (socket: Socket, rest: Buffer, first: boolean) => void,
  ) {
    this.host = host
    this.track = track
    this.bounds = host.bounds
    this.newId = host.newId
    this.handOver = handOver
    const seconds = Math.floor(host.bounds.clientIdleMs / 1000)
    this.keepTail = `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n\r\n`
    this.nowMs = 0
    this.tick()
  }

  /** A plain socket that its server has accepted with `pauseOnConnect`. */
  accept(socket: Socket): void {
    const connection = new Http1Connection(this, socket, true)
    this.connections.add(connection)
    this.track(connection.socket)
  }

  /** A socket whose bytes come by events, and that somebody tracks: TLS. */
  acceptStream(socket: Socket): void {
    this.connections.add(new Http1Connection(this, socket, false))
  }

  door(exchange: Http1Exchange): void {
    this.host.door(exchange)
  }

  isClosing(): boolean {
    return this.host.isClosing()
  }

  onRefused(status: number): void {
    this.host.onRefused(status)
  }

  forget(connection: Http1Connection): void {
    this.connections.delete(connection)
  }

  /** Ends what is past its deadline. */
  sweep(): void {
    this.tick()
    for (const connection of this.connections) {
      if (connection.deadlineMs <= this.nowMs) connection.expire()
    }
  }

  /** Ends idle connections; the others end after their answer. */
  closeIdle(): void {
    for (const connection of this.connections) connection.close()
  }

  private tick(): void {
    const { clock } = this.host
    this.nowMs = clock.monotonicMs()
    this.dateLine = `Date: ${clock.now().toUTCString()}\r\n`
    this.datedKeepTail = this.dateLine + this.keepTail
  }
}
