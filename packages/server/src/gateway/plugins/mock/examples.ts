import {
  openDocument,
  type Json,
  type JsonObject,
  type OpenApiDocument,
} from '../openapi/document.ts'
import { operationsOf, type Operation } from '../openapi/operations.ts'
import { exampleOf } from './example-of-schema.ts'
import type { MockConfig } from './schema.ts'

export type MockAnswer = { status: number; headers: readonly string[]; body: string | null }

/** What the client wishes for with `Prefer: code=404, example=none` (RFC 7240). */
export type Wish = { code: string | null; example: string | null }

export const wishOf = (prefer: string | undefined): Wish => ({
  code: /(?:^|[\s,;])code=["']?(\d{3})/.exec(prefer ?? '')?.[1] ?? null,
  example: /(?:^|[\s,;])example=["']?([\w.-]+)/.exec(prefer ?? '')?.[1] ?? null,
})

/** The answer that the document shows for a request; null when it knows none. */
export type FindExample = (method: string, path: string, wish: Wish) => MockAnswer | null

/** Throws OpenApiError. */
export const examplesOf = (config: MockConfig): FindExample => {
  const document = openDocument(config)
  const operations = operationsOf(document, config.base_path)
  return (method, path, wish) => {
    const found = operations.find(method, path)
    return found !== undefined && 'operation' in found
      ? answerOf(document, found.operation, wish)
      : null
  }
}

const answerOf = (document: OpenApiDocument, { operation }: Operation, wish: Wish): MockAnswer => {
  const responses = document.resolve(operation['responses']) ?? {}
  const code = codeOf(Object.keys(responses), wish)
  const response = document.resolve(responses[code]) ?? {}
  const status = /^\d{3}$/.test(code) ? Number(code) : Number(wish.code ?? '200')
  const content = Object.entries(document.resolve(response['content']) ?? {})
  const [type, media] = content.find(([type]) => type.includes('json')) ?? content[0] ?? []
  if (type === undefined) return { status, headers: [], body: null }
  const value = valueOf(document, document.resolve(media) ?? {}, wish)
  const isText = typeof value === 'string' && !type.includes('json')
  return {
    status,
    headers: ['Content-Type', type.includes('*') ? 'application/octet-stream' : type],
    body: isText ? value : JSON.stringify(value),
  }
}

/** The one wished for, else the lowest that tells success, else `default`, else any. */
const codeOf = (codes: readonly string[], { code }: Wish): string => {
  const range = code === null ? null : `${code.slice(0, 1)}XX`
  const wished = codes.find((one) => one === code) ?? codes.find((one) => one === range)
  const success = codes.filter((one) => one.startsWith('2')).sort()[0]
  const usual = codes.find((one) => one === 'default')
  return (
    wished ?? (code !== null && usual !== undefined ? usual : (success ?? usual ?? codes[0] ?? ''))
  )
}

const valueOf = (document: OpenApiDocument, media: JsonObject, wish: Wish): Json => {
  const named = document.resolve(media['examples']) ?? {}
  const chosen = named[wish.example ?? ''] ?? Object.values(named)[0]
  const example = document.resolve(chosen)?.['value'] ?? media['example']
  return example ?? exampleOf(document, media['schema'])
}
