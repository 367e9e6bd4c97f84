import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'
import { storableText } from '../storable.ts'

/**
 * Path and query hold text that can be kept: no NUL, no half of a character. Bodies are held to it
 * where they are read. Throws AppError `bad_request` with the parameter.
 */
export const refuseUnstorable = ({ params, query }: FastifyRequest): void => {
  refuseIn(params, 'params')
  refuseIn(query, 'querystring')
}

const refuseIn = (given: unknown, part: 'params' | 'querystring'): void => {
  for (const [name, value] of Object.entries(given ?? {})) {
    const texts = [name, ...(Array.isArray(value) ? (value as unknown[]) : [value])]
    if (texts.every((text) => typeof text !== 'string' || text === storableText(text))) continue
    const pointer = `/${part}/${storableText(name).slice(0, 100)}`
    const message = 'has NUL or half a character'
    throw new AppError(
      'bad_request',
      { message: `The request is malformed: ${pointer} ${message}` },
      { errors: [{ message, pointer }] },
    )
  }
}
