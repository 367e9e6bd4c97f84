import {
  isObject,
  OpenApiError,
  textOf,
  type JsonObject,
  type OpenApiDocument,
} from './document.ts'

/** One segment of a path template: text around at most one parameter. */
type Segment = { before: string; parameter: string | null; after: string }

export type Operation = {
  method: string
  template: string
  /** Of the path first, then those of the operation, which count where both say something. */
  parameters: readonly JsonObject[]
  operation: JsonObject
}

export type FoundOperation =
  | { operation: Operation; parameters: Readonly<Record<string, string>> }
  /** The path is there, with other methods. */
  | { allowed: readonly string[] }
  | undefined

export type Operations = {
  readonly all: readonly Operation[]
  /** `path` as it came, without query. */
  find(method: string, path: string): FoundOperation
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

type PathItem = { segments: readonly Segment[]; operations: ReadonlyMap<string, Operation> }

/** The operations of a document below `basePath`; concrete paths go before templates. */
export const operationsOf = (document: OpenApiDocument, basePath: string): Operations => {
  const paths = Object.entries(document.resolve(document.root['paths']) ?? {})
  const items = paths
    .map(([template, given]) => itemOf(document, template, document.resolve(given) ?? {}))
    .sort((a, b) => parametersIn(a.segments) - parametersIn(b.segments))
  const base = basePath.replace(/\/+$/, '')
  return {
    all: items.flatMap(({ operations }) => [...operations.values()]),
    find: (method, path) => {
      if (path !== base && !path.startsWith(`${base}/`)) return undefined
      const parts = path.slice(base.length).split('/')
      const allowed: string[] = []
      for (const { segments, operations } of items) {
        const parameters = match(segments, parts)
        if (parameters === null) continue
        const operation = operations.get(method)
        if (operation !== undefined) return { operation, parameters }
        allowed.push(...operations.keys())
      }
      return allowed.length === 0 ? undefined : { allowed: [...new Set(allowed)] }
    },
  }
}

const itemOf = (document: OpenApiDocument, template: string, item: JsonObject): PathItem => {
  const shared = parametersOf(document, item)
  const operations = methods.flatMap((name): [string, Operation][] => {
    const operation = item[name]
    if (!isObject(operation)) return []
    const own = parametersOf(document, operation)
    const isOverridden = (one: JsonObject) =>
      own.some((other) => other['name'] === one['name'] && other['in'] === one['in'])
    const parameters = [...shared.filter((one) => !isOverridden(one)), ...own]
    const method = name.toUpperCase()
    return [[method, { method, template, parameters, operation }]]
  })
  return { segments: segmentsOf(template), operations: new Map(operations) }
}

const parametersOf = (document: OpenApiDocument, holder: JsonObject): JsonObject[] =>
  Array.isArray(holder['parameters'])
    ? holder['parameters'].flatMap((given) => {
        const parameter = document.resolve(given)
        return parameter === undefined ? [] : [parameter]
      })
    : []

const segmentsOf = (template: string): Segment[] =>
  template.split('/').map((text) => {
    const parts = /^([^{}]*)(?:\{([^{}]+)\}([^{}]*))?$/.exec(text)
    if (parts === null) throw new OpenApiError(`'${template}': one parameter per segment at most`)
    const [, before = '', parameter, after = ''] = parts
    return { before, parameter: parameter ?? null, after }
  })

const parametersIn = (segments: readonly Segment[]): number =>
  segments.filter(({ parameter }) => parameter !== null).length

const match = (
  segments: readonly Segment[],
  parts: readonly string[],
): Record<string, string> | null => {
  if (segments.length !== parts.length) return null
  const parameters: Record<string, string> = {}
  for (const [at, { before, parameter, after }] of segments.entries()) {
    const part = parts[at] ?? ''
    if (parameter === null) {
      if (part !== before) return null
      continue
    }
    const { length } = part
    if (length <= before.length + after.length) return null
    if (!part.startsWith(before) || !part.endsWith(after)) return null
    parameters[parameter] = decoded(part.slice(before.length, length - after.length))
  }
  return parameters
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Name and place of a parameter, for faults. */
export const nameOfParameter = (parameter: JsonObject): { in: string; name: string } => ({
  in: textOf(parameter['in']),
  name: textOf(parameter['name']),
})
