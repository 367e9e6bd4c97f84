import { escapePath, normalizePath } from '../../proxy/router/normalize.ts'
import { applyChanges, isEmpty, splitEntry, type Changes } from '../field-changes/changes.ts'
import { headerFields } from '../field-changes/header-fields.ts'
import { pairFields } from '../field-changes/pair-fields.ts'
import { definePlugin, type PluginExchange, type PluginRequest } from '../plugin.ts'
import { bodyKindOf, changeBody } from './body.ts'
import { faultsOf } from './check.ts'
import { isNestedTooDeeply } from '../json-depth.ts'
import { schema, type RequestTransformerConfig } from './schema.ts'
import { compileTemplate, PathData, TemplateData, type Template } from './template.ts'

/** Larger bodies go on as they are. */
const bodyLimit = 8 * 1024 * 1024

type FieldChanges = Changes<TemplateData, string>

/** Changes requests before services see them: path, method, header fields, body, query. */
export const requestTransformer = definePlugin({
  name: 'request-transformer',
  priority: 801,
  summary: 'Removes, renames, replaces, adds and appends parts of a request.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  check: (config) => faultsOf(config),
  create: (config, host) => {
    const uri = config.replace.uri === undefined ? null : compileTemplate(config.replace.uri)
    const headers = changesOf(config, 'headers')
    const body = changesOf(config, 'body')
    const query = changesOf(config, 'querystring')
    const method = config.http_method
    const changesBody = !isEmpty(body)

    const finish = async (exchange: PluginExchange, data: TemplateData, contentType: string) => {
      const { request } = exchange
      const whole = await request.readBody(bodyLimit)
      if (whole === null) {
        host.log.warn({ limit: bodyLimit }, 'a body was too large to be changed')
      } else {
        const isJson = changesBody && bodyKindOf(contentType) === 'json'
        if (isJson && isNestedTooDeeply(whole.toString('utf8'))) {
          return exchange.refuse(400, 'The JSON of the body is nested too deeply')
        }
        if (isQueryMethod(method)) bodyIntoQuery(request, whole, contentType)
        const changed = changesBody ? changeBody(whole, contentType, body, data) : null
        if (changed !== null) request.setBody(changed)
      }
      changeQuery(request, query, data)
    }
    return {
      access: (exchange): void | Promise<void> => {
        const { request } = exchange
        const data = new TemplateData(exchange)
        const contentType = request.headers.get('content-type') ?? ''
        const kind = bodyKindOf(contentType)
        if (uri !== null) request.upstreamPath = pathOf(uri(new PathData(exchange)))
        if (method !== undefined) request.method = method
        changeHeaders(request, headers, data)
        const needsBody =
          (changesBody && kind !== null) || (isQueryMethod(method) && kind === 'form')
        if (needsBody) return finish(exchange, data, contentType)
        return changeQuery(request, query, data)
      },
    }
  },
})

const changesOf = (
  config: RequestTransformerConfig,
  where: 'headers' | 'querystring' | 'body',
): FieldChanges => {
  const values = (operation: 'replace' | 'add' | 'append') =>
    config[operation][where].map((entry) => {
      const { name, value } = splitEntry(entry)
      return { name, value: compileTemplate(value) }
    })
  return {
    remove: config.remove[where].map((entry) => splitEntry(entry).name),
    rename: config.rename[where].map((entry) => {
      const { name, value } = splitEntry(entry)
      return { name, to: compileTemplate(value) }
    }),
    replace: values('replace'),
    add: values('add'),
    append: values('append'),
  }
}

/** The host is no field of the list, and never absent. */
const changeHeaders = (request: PluginRequest, changes: FieldChanges, data: TemplateData): void => {
  const isHost = ({ name }: { name: string; value: Template }) => name.toLowerCase() === 'host'
  for (const { value } of changes.replace.filter(isHost)) {
    const host = value(data)
    // What is no authority must not get into the head of a request (RFC 9110 7.2).
    if (/^[\w.:[\]-]+$/.test(host)) request.upstreamHost = host
  }
  const others = {
    ...changes,
    replace: changes.replace.filter((entry) => !isHost(entry)),
    add: changes.add.filter((entry) => !isHost(entry)),
    append: changes.append.filter((entry) => !isHost(entry)),
  }
  applyChanges(others, headerFields(request.headers), data)
}

const changeQuery = (request: PluginRequest, changes: FieldChanges, data: TemplateData): void => {
  if (isEmpty(changes)) return
  const fields = pairFields(request.upstreamQuery.slice(1))
  applyChanges(changes, fields, data)
  const query = fields.toString()
  request.upstreamQuery = query === '' ? '' : `?${query}`
}

/** A method without a body: what a form said goes on in the query. */
const isQueryMethod = (method: string | undefined): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'TRACE'

const bodyIntoQuery = (request: PluginRequest, body: Buffer, contentType: string): void => {
  const form = body.toString('utf8')
  if (bodyKindOf(contentType) !== 'form' || form === '') return
  const query = request.upstreamQuery.slice(1)
  const both = pairFields(query === '' ? form : `${query}&${form}`)
  request.upstreamQuery = `?${both.toString()}`
}

/** Values of a template may hold anything: dot segments end here, and nothing begins a query. */
const pathOf = (rendered: string): string => {
  const path = normalizePath(rendered.startsWith('/') ? rendered : `/${rendered}`)
  return escapePath(path).replaceAll('?', '%3F').replaceAll('#', '%23')
}
