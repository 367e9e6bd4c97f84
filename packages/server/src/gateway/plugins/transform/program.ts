import { isFieldName } from '../field-changes/changes.ts'
import { framing } from '../field-changes/header-fields.ts'
import type { PluginFault } from '../plugin.ts'
import { compileExpression, type Expression } from './expression/compile.ts'
import { ExpressionError, tokensOf } from './expression/tokens.ts'
import type { Scope, Value } from './expression/values.ts'
import type { TransformConfig } from './schema.ts'
import { namesInBody, namesInHead, namesInRequest } from './scopes.ts'

type Named = readonly (readonly [name: string, value: Expression])[]

export type RequestProgram = {
  when: Expression | null
  method: Expression | null
  path: Expression | null
  query: Named
  headers: Named
  body: Expression | null
  /** Whether any expression looks at the body. */
  readsBody: boolean
}

export type ResponseProgram = {
  when: Expression | null
  status: Expression | null
  headers: Named
  body: Expression | null
}

type Found = { path: PluginFault['path']; error: ExpressionError }

/** The expressions, ready to run; those with faults are told to `onFault`. */
export const compileTransform = (
  { request, response }: TransformConfig,
  onFault: (found: Found) => void,
): { request: RequestProgram; response: ResponseProgram } => {
  const one = (path: PluginFault['path'], source: string | undefined, names: readonly string[]) => {
    if (source === undefined) return null
    try {
      return compileExpression(source, names)
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      onFault({ path, error })
      return null
    }
  }
  const all = (
    path: string[],
    sources: Readonly<Record<string, string>>,
    names: readonly string[],
  ) =>
    Object.entries(sources).flatMap(([name, source]) => {
      const value = one([...path, name], source, names)
      return value === null ? [] : [[name, value] as const]
    })
  const { when, method, path, query, headers, body } = request
  const sources = [when, method, path, body, ...Object.values(query), ...Object.values(headers)]
  return {
    request: {
      when: one(['request', 'when'], when, namesInRequest),
      method: one(['request', 'method'], method, namesInRequest),
      path: one(['request', 'path'], path, namesInRequest),
      query: all(['request', 'query'], query, namesInRequest),
      headers: all(['request', 'headers'], headers, namesInRequest),
      body: one(['request', 'body'], body, namesInRequest),
      readsBody: body !== undefined || sources.some((source) => mentionsBody(source ?? '')),
    },
    response: {
      when: one(['response', 'when'], response.when, namesInHead),
      status: one(['response', 'status'], response.status, namesInHead),
      headers: all(['response', 'headers'], response.headers, namesInHead),
      body: one(['response', 'body'], response.body, namesInBody),
    },
  }
}

const mentionsBody = (source: string): boolean => {
  try {
    return tokensOf(source).some(({ kind, value }) => kind === 'name' && value === 'body')
  } catch {
    return false
  }
}

/** A result that cannot be held (a list of many long texts, say) is none. */
export const run = (expression: Expression, scope: Scope): Value => {
  try {
    return expression(scope)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

export const faultsOf = (config: TransformConfig): PluginFault[] => {
  const faults: PluginFault[] = []
  compileTransform(config, ({ path, error }) => faults.push({ path, message: error.message }))
  for (const part of ['request', 'response'] as const) {
    for (const name of Object.keys(config[part].headers)) {
      const path = [part, 'headers', name]
      if (!isFieldName(name)) faults.push({ path, message: `'${name}' is not a valid header` })
      if (framing.has(name.toLowerCase())) {
        faults.push({ path, message: `'${name}' is set by the gateway alone` })
      }
    }
  }
  return faults
}
