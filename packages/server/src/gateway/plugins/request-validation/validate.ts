import type { PluginRequest } from '../plugin.ts'
import type { Fault } from './compile-schema.ts'
import type { BodyRules, ListParameters, Rules } from './rules.ts'

/** What to answer when the request is not as it should be; null when it is. */
export type Refusal = { status: 400 | 413 | 415; faults: readonly Fault[] }

export const validateParameters = (
  request: PluginRequest,
  path: Readonly<Record<string, string>>,
  { parameters }: Rules,
): Fault[] =>
  parameters.flatMap(({ in: where, lists, validate }) => {
    if (where === 'path') return validate(objectOf(Object.entries(path), lists))
    if (where === 'query')
      return validate(objectOf(Array.from(new URLSearchParams(request.query)), lists))
    const fields = Array.from(
      request.headers,
      ([name, value]) => [name.toLowerCase(), value] as const,
    )
    return validate(objectOf(fields, lists))
  })

/** Of what comes more than once without being a list, the last counts. */
const objectOf = (
  pairs: readonly (readonly [string, string])[],
  lists: ListParameters,
): Record<string, string | string[]> => {
  const values = new Map<string, string | string[]>()
  for (const [name, value] of pairs) {
    const separator = lists.get(name)
    if (separator === undefined) values.set(name, value)
    else if (separator === null) values.set(name, [values.get(name) ?? [], value].flat())
    else
      values.set(
        name,
        value.split(separator).map((part) => part.trim()),
      )
  }
  return Object.fromEntries(values)
}

export const validateBody = async (
  request: PluginRequest,
  rules: BodyRules,
  limit: number,
): Promise<Refusal | null> => {
  const refuse = (status: Refusal['status'], message: string): Refusal => ({
    status,
    faults: [{ in: 'body', path: '', message }],
  })
  if (request.bodyLength === 0) return rules.isRequired ? refuse(400, 'is missing') : null
  const type = mediaTypeOf(request)
  const media = [type, ...wildcardsOf(type)].find((one) => rules.types.has(one))
  if (media === undefined) return refuse(415, `must be ${[...rules.types.keys()].join(' or ')}`)
  const rule = rules.types.get(media)
  if (rule === undefined || rule === null) return null
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity') return refuse(415, `must not be encoded as ${encoding}`)
  const body = await request.readBody(limit)
  if (body === null) return refuse(413, `is larger than ${limit} bytes`)
  const value = rule.kind === 'json' ? parsed(body) : formOf(body)
  if (value === undefined) return refuse(400, 'is no valid JSON')
  const faults = rule.validate(value)
  return faults.length === 0 ? null : { status: 400, faults }
}

const mediaTypeOf = ({ headers }: PluginRequest): string =>
  (headers.get('content-type')?.split(';')[0] ?? '').trim().toLowerCase()

const wildcardsOf = (type: string): string[] => {
  const [main = '', sub = ''] = type.split('/')
  const suffix = sub.includes('+') ? [`${main}/*+${sub.slice(sub.lastIndexOf('+') + 1)}`] : []
  return [...suffix, `${main}/*`, '*/*']
}

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(utf8.decode(body)) as unknown
  } catch {
    return undefined
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const formOf = (body: Buffer): unknown => {
  const fields = Map.groupBy(new URLSearchParams(body.toString('utf8')), ([name]) => name)
  return Object.fromEntries(
    [...fields].map(([name, all]) => [
      name,
      all.length === 1 ? all[0]?.[1] : all.map(([, v]) => v),
    ]),
  )
}
