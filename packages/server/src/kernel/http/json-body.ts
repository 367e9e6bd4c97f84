import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'
import { findJsonFault } from './json-fault.ts'

/** JSON is the only kind of body, read to the letter; a module that takes another one adds it. */
export const takeJsonBodies = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) =>
      parseJsonBody(request.headers['content-type'], body),
  )
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const parseJsonBody = (contentType: string | undefined, body: Buffer): unknown => {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(contentType ?? '')?.[1] ?? 'utf-8'
  if (!/^utf-?8$/i.test(charset)) throw refused(`The body is to be UTF-8, not ${charset}`)
  if (body.length === 0) throw refused('The body is empty, and JSON was announced')
  return readJson(body, 'body')
}

/** `what` it is that was sent. Throws AppError `bad_request` with the place of the fault. */
export const readJson = (bytes: Buffer, what: 'body' | 'message'): unknown => {
  const text = decoded(bytes, what)
  const fault = findJsonFault(text)
  if (fault === null) return JSON.parse(text) as unknown
  const { message, line, column } = fault
  const said = `The ${what} ${message} (line ${line}, column ${column})`
  throw new AppError(
    'bad_request',
    { message: said },
    { errors: [{ message, pointer: `/${what}`, origin: { file: what, line, column } }] },
  )
}

const decoded = (bytes: Buffer, what: string): string => {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new AppError('bad_request', { message: `The ${what} is not UTF-8` }, { cause })
  }
}

const refused = (message: string): AppError => new AppError('bad_request', { message })

/** Headers that two readers of one request could read differently, if they were there twice. */
const single = ['host', 'content-type', 'content-length', 'authorization', 'origin']

/** A request means one thing to a proxy and to us. Throws AppError `bad_request`. */
export const refuseAmbiguous = ({ raw }: FastifyRequest): void => {
  for (const name of single) {
    const times = raw.rawHeaders.filter((each, at) => at % 2 === 0 && each.toLowerCase() === name)
    if (times.length > 1) throw refused(`The header ${name} is there ${times.length} times`)
  }
  const target = raw.url ?? ''
  if (!target.startsWith('/') || target.startsWith('//')) {
    throw refused('The address of a request is a path: /…')
  }
}
