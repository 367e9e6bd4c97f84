/** The part of pg-copy-streams 7 (which ships no types) that is used here. */
declare module 'pg-copy-streams' {
  import type { Readable, Writable } from 'node:stream'
  import type { Submittable } from 'pg'

  type CopyStream = Submittable & { rowCount: number }
  export function to(text: string): Readable & CopyStream
  export function from(text: string): Writable & CopyStream
}
