import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { freePort, startOrigin, startRawOrigin } from '../../testing/gateway.ts'
import { readRequests } from './strict-reader.ts'

/** A server behind the gateway, and what it took for requests. Answers each, with its target as `X-Target`. */
export type WatchedOrigin = AsyncDisposable & {
  port: number
  /** `METHOD target`, each request once, in no order over connections. What was none is told as `fault: …`. */
  seen(): Promise<string[]>
}

const givenUp: ReadonlySet<string> = new Set(['ECONNRESET', 'HPE_INVALID_EOF_STATE'])

/** Node's own parser. */
export const startNodeOrigin = async (): Promise<WatchedOrigin> => {
  const seen: string[] = []
  const origin = await startOrigin((request, response) => {
    request.resume().on('end', () => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''}`)
      response.setHeader('X-Target', request.url ?? '')
      response.end('ok')
    })
    request.on('error', () => {})
  })
  origin.server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // An upload that the gateway gave up is no request; bytes that are none are a fault.
    if (!givenUp.has(error.code ?? '')) seen.push(`fault: ${error.code ?? error.message}`)
    socket.destroy()
  })
  return { ...origin, seen: () => Promise.resolve([...seen]) }
}

/** Reads every byte itself and takes nothing that is not exactly as the RFC has it. */
export const startLoggingOrigin = async (): Promise<WatchedOrigin> => {
  const seen: string[] = []
  const origin = await startRawOrigin((socket) => {
    let bytes = ''
    socket.on('data', (piece: Buffer) => {
      bytes += piece.toString('latin1')
      try {
        const { requests, used } = readRequests(bytes)
        bytes = bytes.slice(used)
        for (const { method, target } of requests) {
          seen.push(`${method} ${target}`)
          const body = method === 'HEAD' ? '' : 'ok'
          const head = `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Target: ${target}\r\n\r\n`
          socket.write(head + body, 'latin1')
        }
        // One answer after the other: a second request before it would be one of ours too many.
        if (requests.length > 1) seen.push('fault: requests before their answers')
      } catch (error) {
        seen.push(`fault: ${String(error)}`)
        socket.destroy()
      }
    })
  })
  return { ...origin, seen: () => Promise.resolve([...seen]) }
}

const nginxFile = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find(existsSync)

/** Why nginx is not among the origins, or false. */
export const nginxMissing: string | false = nginxFile === undefined && 'nginx is not installed'

/** The outer server reads a whole body before it asks the inner one, which therefore sees complete requests. */
const nginxConfig = (folder: string, port: number): string => `
daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  log_format seen escape=none '$request';
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  keepalive_requests 1000000; client_max_body_size 0; large_client_header_buffers 8 64k;
  server {
    listen 127.0.0.1:${port};
    access_log ${folder}/begun.log seen;
    location / { proxy_pass http://unix:${folder}/inner; }
  }
  server {
    listen unix:${folder}/inner;
    access_log ${folder}/complete.log seen;
    location / { add_header X-Target $request_uri; return 200 ok; }
  }
}
`

/** nginx as it comes. It is stopped when it is asked what it saw, for its log to be whole. */
export const startNginxOrigin = async (): Promise<WatchedOrigin> => {
  if (nginxFile === undefined) throw new Error('nginx is not installed')
  const folder = await mkdtemp(join(tmpdir(), 'keelson-nginx-'))
  const port = await freePort()
  await writeFile(join(folder, 'nginx.conf'), nginxConfig(folder, port))
  const child = spawn(
    nginxFile,
    ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')],
    { stdio: 'ignore' },
  )
  const exited = once(child, 'exit')
  await connected(port)
  const stop = async (): Promise<void> => {
    child.kill('SIGQUIT')
    await exited
  }
  return {
    port,
    seen: async () => {
      await stop()
      const complete = await linesOf(join(folder, 'complete.log'))
      const begun = await linesOf(join(folder, 'begun.log'))
      const strange = begun.filter((line) => !requestLine.test(line))
      return [
        ...complete.map((line) => line.replace(/ HTTP\/1\.\d$/, '')),
        ...strange.map((line) => `fault: ${line}`),
      ]
    },
    [Symbol.asyncDispose]: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const requestLine = /^[A-Z]+ \/\S+ HTTP\/1\.1$/

const linesOf = async (file: string): Promise<string[]> =>
  (await readFile(file, 'latin1')).split('\n').slice(0, -1)

const connected = async (port: number): Promise<void> => {
  const deadline = Date.now() + 10_000
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const [event] = await Promise.race([
      once(socket, 'connect').then(() => ['connect']),
      once(socket, 'error').then(() => ['error']),
    ]).catch(() => ['error'])
    socket.destroy()
    if (event === 'connect') return
    if (Date.now() > deadline) throw new Error(`nobody listens on ${port}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
