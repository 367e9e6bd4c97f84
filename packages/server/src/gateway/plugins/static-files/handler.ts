import { definePlugin, type GatewayAnswer, type PluginExchange } from '../plugin.ts'
import { isUnchanged, partOf } from './conditions.ts'
import { findFile, openVariant, type FoundFile } from './find-file.ts'
import { mediaTypeOf } from './media-types.ts'
import { schema, type StaticFilesConfig } from './schema.ts'

/** Files of a folder, in place of a service. */
export const staticFiles = definePlugin({
  name: 'static-files',
  priority: 4,
  summary: 'Serves the files of a folder, with ranges, validators and compressed variants.',
  schema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https'],
  create: (config) => ({
    access: async (exchange) => {
      const { request } = exchange
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        return exchange.refuse(405, 'Method not allowed', ['Allow', 'GET, HEAD'])
      }
      const accepted = request.headers.joined('accept-encoding')
      const found = await findFile(config, request.upstreamPath, accepted)
      if (found === 'needs slash') return redirect(exchange)
      const file = found ?? (await openFallback(config, accepted))
      if (file === null) return exchange.refuse(404, 'Not found')
      const answer = answerWith(exchange, file, config)
      if (typeof answer.body === 'object' && answer.body !== null) return exchange.respond(answer)
      await file.handle.close()
      exchange.respond(answer)
    },
  }),
})

const openFallback = (
  { root, fallback, precompressed }: StaticFilesConfig,
  accepted: string | undefined,
): Promise<FoundFile | null> =>
  fallback === undefined
    ? Promise.resolve(null)
    : openVariant(root, fallback, precompressed ? accepted : undefined)

/** One slash in front: two would name a host. */
const redirect = (exchange: PluginExchange): void => {
  const { path, query } = exchange.request
  const location = `/${path.replace(/^[/\\]+/, '')}/${query}`
  exchange.respond({ status: 301, headers: ['Location', location], body: null })
}

/** The body is the file's stream, which closes the file; without one the caller does. */
const answerWith = (
  { request }: PluginExchange,
  file: FoundFile,
  config: StaticFilesConfig,
): GatewayAnswer => {
  const { size, modifiedMs } = file
  const variant = file.encoding === null ? '' : `-${file.encoding}`
  const etag = `"${Math.floor(modifiedMs).toString(16)}-${size.toString(16)}${variant}"`
  const validators = { etag, modifiedMs }
  const headers = ['ETag', etag, 'Last-Modified', new Date(modifiedMs).toUTCString()]
  if (config.precompressed) headers.push('Vary', 'Accept-Encoding')
  if (config.cache_control !== undefined) headers.push('Cache-Control', config.cache_control)
  if (isUnchanged(request.headers, validators)) return { status: 304, headers, body: null }

  const part = request.method === 'GET' ? partOf(request.headers, size, validators) : null
  if (part === 'unsatisfiable') {
    return { status: 416, headers: ['Content-Range', `bytes */${size}`], body: null }
  }
  const { start, end } = part ?? { start: 0, end: size - 1 }
  headers.push('Content-Type', mediaTypeOf(file.name), 'Accept-Ranges', 'bytes')
  headers.push('X-Content-Type-Options', 'nosniff', 'Content-Length', String(end - start + 1))
  if (file.encoding !== null) headers.push('Content-Encoding', file.encoding)
  if (part !== null) headers.push('Content-Range', `bytes ${start}-${end}/${size}`)
  const hasBody = request.method === 'GET' && size > 0
  return {
    status: part === null ? 200 : 206,
    headers,
    body: hasBody ? file.handle.createReadStream({ start, end }) : null,
  }
}
