/** One request as its bytes say it, read without any leniency. */
export type ReadRequest = {
  method: string
  target: string
  /** Names in lower case. */
  fields: [string, string][]
  body: string
}

/**
 * Reads requests from bytes (latin1) as strictly as RFC 9112 allows: nothing is repaired or guessed. Gives
 * the requests that are complete and how many bytes they take. Throws with what is wrong, which a
 * gateway must never send.
 */
export const readRequests = (bytes: string): { requests: ReadRequest[]; used: number } => {
  const requests: ReadRequest[] = []
  let at = 0
  for (;;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    if (headEnd === -1) return { requests, used: at }
    const { method, target, fields } = readHead(bytes.slice(at, headEnd))
    const body = readBody(bytes, headEnd + 4, fields)
    if (body === undefined) return { requests, used: at }
    requests.push({ method, target, fields, body: body.text })
    at = body.end
  }
}

const readHead = (head: string): Omit<ReadRequest, 'body'> => {
  const [first = '', ...lines] = head.split('\r\n')
  const request = /^([A-Z]+) (\/[\x21-\x7e\x80-\xff]*) HTTP\/1\.1$/.exec(first)
  if (request === null) throw new Error(`no request line: ${JSON.stringify(first)}`)
  const fields = lines.map((line): [string, string] => {
    const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\x20-\x7e\t\x80-\xff]*)$/.exec(line)
    if (field === null) throw new Error(`no field: ${JSON.stringify(line)}`)
    return [(field[1] ?? '').toLowerCase(), field[2] ?? '']
  })
  if (valuesOf(fields, 'host').length !== 1) throw new Error('not exactly one Host')
  return { method: request[1] ?? '', target: request[2] ?? '', fields }
}

const valuesOf = (fields: ReadRequest['fields'], name: string): string[] =>
  fields.filter(([own]) => own === name).map(([, value]) => value)

type Body = { text: string; end: number } | undefined

const readBody = (bytes: string, start: number, fields: ReadRequest['fields']): Body => {
  const lengths = valuesOf(fields, 'content-length')
  const codings = valuesOf(fields, 'transfer-encoding')
  if (lengths.length + codings.length > 1)
    throw new Error(`two framings: ${JSON.stringify(fields)}`)
  const [coding] = codings
  if (coding !== undefined) {
    if (coding !== 'chunked') throw new Error(`another coding: ${coding}`)
    return readChunks(bytes, start)
  }
  const [length = '0'] = lengths
  if (!/^(?:0|[1-9]\d*)$/.test(length)) throw new Error(`no length: ${length}`)
  const end = start + Number(length)
  return bytes.length < end ? undefined : { text: bytes.slice(start, end), end }
}

const readChunks = (bytes: string, start: number): Body => {
  let text = ''
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const line = bytes.slice(at, lineEnd)
    if (!/^[0-9a-fA-F]{1,8}$/.test(line)) throw new Error(`no chunk size: ${JSON.stringify(line)}`)
    const size = Number.parseInt(line, 16)
    const dataEnd = lineEnd + 2 + size
    if (size === 0) break
    if (bytes.length < dataEnd + 2) return undefined
    if (bytes.slice(dataEnd, dataEnd + 2) !== '\r\n') throw new Error('a chunk without its end')
    text += bytes.slice(lineEnd + 2, dataEnd)
    at = dataEnd + 2
  }
  const end = bytes.indexOf('\r\n\r\n', at)
  return end === -1 ? undefined : { text, end: end + 4 }
}
