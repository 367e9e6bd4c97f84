import type { PluginExchange } from '../plugin.ts'

/** The trace a request belongs to, in the forms it was told to the service: `{ w3c: '…' }`. */
export type TraceIds = Readonly<Record<string, string>>

const traceNote = Symbol('trace')

/** For log entries of other plugins. */
export const noteTrace = ({ notes }: PluginExchange, ids: TraceIds): void =>
  void notes.set(traceNote, { ...(notes.get(traceNote) as TraceIds | undefined), ...ids })

export const traceIdOf = ({ notes }: PluginExchange): TraceIds | undefined =>
  notes.get(traceNote) as TraceIds | undefined
