import { AppError } from '../../kernel/errors.ts'

export type LogStream = 'stdout' | 'stderr' | 'keelson'

/** A place in the log of one instance: number of the segment file and byte in it. */
export type LogPosition = { segment: number; offset: number }

/** A line as it lies on disk; `end` is where the next one starts. */
export type StoredLine = LogPosition & {
  atUs: number
  stream: LogStream
  text: string
  end: number
}

/**
 * What a cursor holds. In its own instance it is an exact place, so that lines of equal time are
 * neither lost nor doubled; in every other instance it is a time. That is enough, because the store
 * stamps live lines with times that strictly rise across all instances.
 */
export type CursorPlace = LogPosition & { atUs: number; instance: string }

export const formatCursor = ({ atUs, instance, segment, offset }: CursorPlace): string =>
  Buffer.from(`${atUs}:${segment}:${offset}:${instance}`).toString('base64url')

/** Throws AppError('cursor_invalid') for anything that `formatCursor` has not made. */
export const parseCursor = (cursor: string): CursorPlace => {
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  const found = /^(\d{1,16}):(\d{1,10}):(\d{1,12}):(.{1,300})$/.exec(text)
  if (found === null)
    throw new AppError('cursor_invalid', { message: 'This is no cursor of a log' })
  const [, atUs, segment, offset, instance] = found
  return {
    atUs: Number(atUs),
    segment: Number(segment),
    offset: Number(offset),
    instance: instance ?? '',
  }
}

/** Order of lines across instances: by time, then by name, then by place. */
export const comparePlaces = (a: CursorPlace, b: CursorPlace): number =>
  a.atUs - b.atUs ||
  (a.instance === b.instance ? 0 : a.instance < b.instance ? -1 : 1) ||
  a.segment - b.segment ||
  a.offset - b.offset

/** RFC 3339 in UTC with microseconds: 27 characters, so that times compare and parse by place. */
export const formatStamp = (us: number): string =>
  `${new Date(Math.floor(us / 1000)).toISOString().slice(0, 23)}${String(us % 1000).padStart(3, '0')}Z`

const stampLength = 27
const linePattern = /^(stdout|stderr|keelson) /

export const formatLine = (stamp: string, stream: LogStream, text: string): string =>
  `${stamp} ${stream} ${text}\n`

/** Null for what is no line of ours, for example after somebody edited the file. */
export const parseLine = (line: string): Pick<StoredLine, 'atUs' | 'stream' | 'text'> | null => {
  const ms = Date.parse(`${line.slice(0, 23)}Z`)
  const rest = line.slice(stampLength + 1)
  const stream = linePattern.exec(rest)?.[1]
  if (Number.isNaN(ms) || stream === undefined) return null
  return {
    atUs: ms * 1000 + Number(line.slice(23, 26)),
    stream: stream as LogStream,
    text: rest.slice(stream.length + 1),
  }
}
