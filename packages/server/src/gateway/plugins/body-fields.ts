import { several } from './authentication.ts'
import { isNestedTooDeeply } from './json-depth.ts'
import type { PluginRequest } from './plugin.ts'
import { hasParameter, parameterValues, withoutParameter } from './query.ts'

/** The fields of a body that may hold a key. */
export type BodyFields = {
  get(name: string): string | typeof several | undefined
  /** The body without this field; a content type when that changes with it. */
  without(name: string): Promise<{ body: Buffer; contentType: string | null }>
}

/** Larger bodies go on unread: nobody hides a key behind a megabyte. */
const bodyLimit = 1024 * 1024

/** Null when there is no body that has fields. */
export const readFields = async (request: PluginRequest): Promise<BodyFields | null> => {
  const contentType = request.headers.get('content-type') ?? ''
  const semicolon = contentType.indexOf(';')
  const mediaType = (semicolon === -1 ? contentType : contentType.slice(0, semicolon))
    .trim()
    .toLowerCase()
  const read = Object.hasOwn(readers, mediaType) ? readers[mediaType] : undefined
  if (read === undefined) return null
  const body = await request.readBody(bodyLimit)
  return body === null || body.length === 0 ? null : read(body, contentType)
}

type Reader = (body: Buffer, contentType: string) => BodyFields | null | Promise<BodyFields | null>

const readForm: Reader = (body) => {
  const query = `?${body.toString('utf8')}`
  return {
    get: (name) => {
      if (!hasParameter(query, name)) return undefined
      const values = parameterValues(query, name)
      return values.length > 1 ? several : values[0]
    },
    without: (name) =>
      Promise.resolve({
        body: Buffer.from(withoutParameter(query, name).slice(1)),
        contentType: null,
      }),
  }
}

const readJson: Reader = (body) => {
  const fields = parsed(body)
  if (fields === null) return null
  return {
    get: (name) => {
      const value = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (typeof value === 'string') return value
      return typeof value === 'object' && value !== null ? several : undefined
    },
    without: (name) => {
      const rest = Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name))
      return Promise.resolve({ body: Buffer.from(JSON.stringify(rest)), contentType: null })
    },
  }
}

const parsed = (body: Buffer): Record<string, unknown> | null => {
  try {
    const text = body.toString('utf8')
    if (isNestedTooDeeply(text)) return null
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

const readMultipart: Reader = async (body, contentType) => {
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': contentType },
  })
    .formData()
    .catch(() => null)
  if (form === null) return null
  return {
    get: (name) => {
      const values = form.getAll(name).filter((value) => typeof value === 'string')
      return values.length > 1 ? several : values[0]
    },
    without: async (name) => {
      form.delete(name)
      // The parts get a boundary of their own, which the content type names.
      const encoded = new Response(form)
      return {
        body: Buffer.from(await encoded.arrayBuffer()),
        contentType: encoded.headers.get('content-type'),
      }
    },
  }
}

const readers: Readonly<Record<string, Reader>> = {
  'application/x-www-form-urlencoded': readForm,
  'application/json': readJson,
  'multipart/form-data': readMultipart,
}
