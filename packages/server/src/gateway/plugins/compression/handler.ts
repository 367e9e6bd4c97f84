import type { Transform } from 'node:stream'
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import type { HeaderList } from '../../proxy/header-list.ts'
import { definePlugin, type PluginResponse } from '../plugin.ts'
import { negotiate, type Encoding } from './negotiate.ts'
import { schema, type CompressionConfig } from './schema.ts'

/** Compresses answers on their way to the client. */
export const compression = definePlugin({
  name: 'compression',
  // After everything that reads or changes a body.
  priority: 1,
  summary: 'Compresses answers with zstd, br or gzip, as the client accepts.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https'],
  create: (config) => {
    const isWanted = typeMatcher(config.types)
    return {
      response: ({ request }, response) => {
        if (!isWanted(response.headers.get('content-type')) || !mayChange(response)) return
        const length = Number(response.headers.get('content-length') ?? Number.NaN)
        if (length < config.min_size) return
        addVary(response.headers)
        const encoding = negotiate(request.headers.joined('accept-encoding'), config.encodings)
        if (encoding === null || request.method === 'HEAD') return
        announce(response.headers, encoding)
        response.pipeBody(compressorOf(encoding, config, Number.isNaN(length)))
      },
    }
  },
})

/** What has no body, is a part, is encoded already, or must not be touched (RFC 9111 5.2.2.6). */
const mayChange = ({ status, headers }: PluginResponse): boolean => {
  if (status < 200 || status === 204 || status === 206 || status === 304) return false
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  const control = headers.joined('cache-control')?.toLowerCase() ?? ''
  return (
    encoding === 'identity' && !headers.has('content-range') && !control.includes('no-transform')
  )
}

const typeMatcher = (types: readonly string[]): ((contentType: string | undefined) => boolean) => {
  const patterns = types.map((type) => type.toLowerCase().split('*'))
  const isListed = (type: string): boolean =>
    patterns.some(([start = '', ...rest]) => {
      if (rest.length === 0) return type === start
      const end = rest.at(-1) ?? ''
      return (
        type.length >= start.length + end.length && type.startsWith(start) && type.endsWith(end)
      )
    })
  return (contentType) => {
    const type = contentType?.split(';', 1)[0]?.trim().toLowerCase()
    // Events are small and must arrive at once: a compressor would sit on them.
    return type !== undefined && type !== 'text/event-stream' && isListed(type)
  }
}

const addVary = (headers: HeaderList): void => {
  const vary = headers.joined('vary')
  const fields =
    vary
      ?.toLowerCase()
      .split(',')
      .map((field) => field.trim()) ?? []
  if (fields.includes('*') || fields.includes('accept-encoding')) return
  headers.set('Vary', vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`)
}

/** Other bytes than the service sent: no ranges of them, no digests, and only a weak validator. */
const announce = (headers: HeaderList, encoding: Encoding): void => {
  headers.set('Content-Encoding', encoding)
  for (const name of ['accept-ranges', 'content-md5', 'content-digest', 'digest'])
    headers.remove(name)
  const tag = headers.get('etag')
  if (tag?.startsWith('"') === true) headers.set('ETag', `W/${tag}`)
}

/** `flushes`: an answer of unknown length may be made as it goes, and is not kept waiting. */
const compressorOf = (
  encoding: Encoding,
  { gzip_level, br_quality, zstd_level }: CompressionConfig,
  flushes: boolean,
): Transform => {
  const { BROTLI_OPERATION_FLUSH, ZSTD_e_flush, Z_SYNC_FLUSH } = constants
  switch (encoding) {
    case 'gzip':
      return createGzip({ level: gzip_level, ...(flushes ? { flush: Z_SYNC_FLUSH } : {}) })
    case 'br':
      return createBrotliCompress({
        params: { [constants.BROTLI_PARAM_QUALITY]: br_quality },
        ...(flushes ? { flush: BROTLI_OPERATION_FLUSH } : {}),
      })
    case 'zstd':
      return createZstdCompress({
        params: { [constants.ZSTD_c_compressionLevel]: zstd_level },
        ...(flushes ? { flush: ZSTD_e_flush } : {}),
      })
  }
}
