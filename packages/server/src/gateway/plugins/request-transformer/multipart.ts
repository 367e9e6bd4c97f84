import type { Fields } from '../field-changes/changes.ts'

export type MultipartFields = Fields<string> & { toBuffer(): Buffer }

/** `name` is null for a part that says none; `head` and `body` as they came. */
type Part = { name: string | null; head: string; body: Buffer }

/** Parts beyond this are a sign that somebody wants to keep the gateway busy. */
const maxParts = 1000

/** The parts of a form (RFC 7578); null when there is no boundary, or the body does not keep to it. */
export const multipartFields = (body: Buffer, contentType: string): MultipartFields | null => {
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType)
  const boundary = found?.[1] ?? found?.[2]
  const parsed = boundary === undefined ? null : partsOf(body, boundary)
  if (boundary === undefined || parsed === null) return null
  let parts = parsed
  const remove = (name: string): void => void (parts = parts.filter((part) => part.name !== name))
  const append = (name: string, value: string): void => void parts.push(simple(name, value))
  return {
    has: (name) => parts.some((part) => part.name === name),
    remove,
    rename: (from, to) => {
      if (from === to) return
      remove(to)
      // As in Kong: the value goes on under the new name; file name and type of the part do not.
      parts = parts.map((part) =>
        part.name === from ? { ...simple(to, ''), body: part.body } : part,
      )
    },
    set: (name, value) => {
      remove(name)
      append(name, value)
    },
    append,
    toBuffer: () => {
      const pieces = parts.flatMap((part) => [
        Buffer.from(`--${boundary}\r\n${part.head}\r\n\r\n`, 'latin1'),
        part.body,
        Buffer.from('\r\n'),
      ])
      return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`, 'latin1')])
    },
  }
}

const simple = (name: string, value: string): Part => {
  // Escaped as browsers do (WHATWG HTML, multipart/form-data encoding).
  const quoted = name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const head = Buffer.from(`Content-Disposition: form-data; name="${quoted}"`, 'utf8')
  return { name, head: head.toString('latin1'), body: Buffer.from(value, 'utf8') }
}

const partsOf = (body: Buffer, boundary: string): Part[] | null => {
  if (body.length === 0) return []
  const mark = Buffer.from(`--${boundary}`, 'latin1')
  const next = Buffer.from(`\r\n--${boundary}`, 'latin1')
  const parts: Part[] = []
  let at = body.indexOf(mark)
  if (at === -1) return null
  at += mark.length
  while (!body.subarray(at, at + 2).equals(dashes)) {
    const headEnd = body.indexOf('\r\n\r\n', at)
    const end = headEnd === -1 ? -1 : body.indexOf(next, headEnd + 2)
    if (end === -1 || parts.length === maxParts) return null
    const head = body.subarray(at + 2, headEnd).toString('latin1')
    parts.push({ name: nameOf(head), head, body: body.subarray(headEnd + 4, end) })
    at = end + next.length
  }
  return parts
}

const dashes = Buffer.from('--')

const nameOf = (head: string): string | null => {
  const name = /^content-disposition:[^\r\n]*?;\s*name="([^"\r\n]*)"/im.exec(head)?.[1]
  return name === undefined ? null : Buffer.from(name, 'latin1').toString('utf8')
}
