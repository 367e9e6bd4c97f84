import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { packEntries } from '../tar-stream.ts'

/** A registry of one image, for an engine to pull from: some routes of the OCI distribution API. */
export type TestRegistry = AsyncDisposable & {
  /** `127.0.0.1:port/name:tag`; engines take loopback without TLS. */
  image: string
  /** What is asked for, in order. */
  requests: string[]
  /** Answers the next so many requests for the manifest with this status. */
  failManifest(status: number, times: number): void
  /** Layers stop in the middle, and never go on. */
  stallLayers: boolean
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json'

const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

const layerOf = async (path: string, content: Buffer): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of packEntries([{ path, mode: 0o644, content }])) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** An image of two layers with a file each; with a password it takes only `user` and that. */
export const startRegistry = async (password?: string): Promise<TestRegistry> => {
  const unique = Buffer.from(`${process.pid}-${Math.random()}`)
  const layers = [
    await layerOf('one', unique),
    await layerOf('two', Buffer.alloc(1_000_000, unique)),
  ]
  const config = Buffer.from(
    JSON.stringify({
      ...{ architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', os: 'linux' },
      config: { Cmd: ['/one'] },
      rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
    }),
  )
  const packed = layers.map((layer) => gzipSync(layer, { level: 0 }))
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        size: config.length,
        digest: digestOf(config),
      },
      layers: packed.map((layer) => ({
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        size: layer.length,
        digest: digestOf(layer),
      })),
    }),
  )
  const blobs = new Map([config, ...packed].map((blob) => [digestOf(blob), blob]))
  const failures: number[] = []

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { url = '', headers } = request
    registry.requests.push(url)
    const expected = `Basic ${Buffer.from(`user:${password ?? ''}`).toString('base64')}`
    if (password !== undefined && headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end()
      return
    }
    if (url.includes('/manifests/')) {
      const failure = failures.shift()
      if (failure !== undefined) response.writeHead(failure).end()
      else {
        const type = { 'content-type': manifestType, 'docker-content-digest': digestOf(manifest) }
        response.writeHead(200, { ...type, 'content-length': manifest.length })
        response.end(request.method === 'HEAD' ? undefined : manifest)
      }
      return
    }
    const blob = blobs.get(url.split('/').at(-1) ?? '')
    if (blob === undefined) response.writeHead(url === '/v2/' ? 200 : 404).end()
    else if (registry.stallLayers && blob !== config) {
      response.writeHead(200, { 'content-length': blob.length })
      response.write(blob.subarray(0, blob.length / 2))
    } else response.writeHead(200, { 'content-length': blob.length }).end(blob)
  }

  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const registry: TestRegistry = {
    image: `127.0.0.1:${port}/keelson-test/pulled:1`,
    requests: [],
    stallLayers: false,
    failManifest: (status, times) => {
      for (let at = 0; at < times; at += 1) failures.push(status)
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return registry
}
