import type { HeaderList } from '../../proxy/header-list.ts'

export type Validators = { etag: string; modifiedMs: number }

/** Whether the client has the newest already (RFC 9110 13.2.2). */
export const isUnchanged = (headers: HeaderList, { etag, modifiedMs }: Validators): boolean => {
  const tags = headers.joined('if-none-match')
  if (tags !== undefined) {
    return tags.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')))
  }
  const since = Date.parse(headers.get('if-modified-since') ?? '')
  return Math.floor(modifiedMs / 1000) * 1000 <= since
}

/** A part of a file, both ends included; `unsatisfiable`: it lies outside. Null: the whole file. */
export type Part = { start: number; end: number } | 'unsatisfiable' | null

/** One range of bytes; of several, and of what is malformed, the whole file is sent. */
export const partOf = (headers: HeaderList, size: number, validators: Validators): Part => {
  const range = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.get('range')?.trim() ?? '')
  if (range === null || !isRangeWanted(headers, validators)) return null
  const [, first = '', last = ''] = range
  if (first === '' && last === '') return null
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start >= size) return 'unsatisfiable'
  return last !== '' && Number(last) < start ? null : { start, end }
}

/** If-Range compares strongly (RFC 9110 13.1.5). */
const isRangeWanted = (headers: HeaderList, { etag, modifiedMs }: Validators): boolean => {
  const condition = headers.get('if-range')?.trim()
  if (condition === undefined) return true
  if (condition.includes('"')) return condition === etag
  return Date.parse(condition) === Math.floor(modifiedMs / 1000) * 1000
}
