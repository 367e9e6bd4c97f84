import type { Transform } from 'node:stream'

import type { BodyWatcher, GatewayAnswer, PluginResponse } from '../../plugins/plugin.ts'
import { HeaderList } from '../header-list.ts'
import type { Bound } from './instances.ts'

export type BodyChange = {
  by: Bound | null
  limitBytes: number
  change: (body: Buffer) => Buffer | Promise<Buffer>
}

/** An answer as the plugins see and change it, before its head has left. */
export class ChainResponse implements PluginResponse {
  status: number
  reason: string
  readonly source: 'service' | 'gateway'
  readonly error: string | null
  headers: HeaderList
  /** What the plugins want of the body; null each as long as nobody does. */
  replacement: GatewayAnswer | null = null
  changes: BodyChange[] | null = null
  pipes: { by: Bound | null; through: Transform }[] | null = null
  watchers: BodyWatcher[] | null = null
  /** Whose hook runs. */
  caller: Bound | null = null

  constructor(
    status: number,
    reason: string,
    headers: string[],
    source: 'service' | 'gateway',
    error: string | null,
  ) {
    this.status = status
    this.reason = reason
    this.headers = new HeaderList(headers)
    this.source = source
    this.error = error
  }

  replace(answer: GatewayAnswer): void {
    this.replacement = answer
    this.status = answer.status
    this.reason = ''
    this.headers = new HeaderList([...(answer.headers ?? [])])
  }

  changeBody(limitBytes: number, change: BodyChange['change']): void {
    this.changes ??= []
    this.changes.push({ by: this.caller, limitBytes, change })
  }

  pipeBody(through: Transform): void {
    this.pipes ??= []
    this.pipes.push({ by: this.caller, through })
  }

  watchBody(watcher: BodyWatcher): void {
    this.watchers ??= []
    this.watchers.push(watcher)
  }
}
