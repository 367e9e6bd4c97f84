import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One proxy under test: the command that runs it in the foreground, and where it listens. */
export type Opponent = {
  name: string
  port: number
  command: readonly string[]
  environment?: Readonly<Record<string, string>>
  /** It is spoken to over TLS. */
  secure: boolean
}

/** `pair`: files of a certificate and its key; then it speaks TLS. */
export type Place = { folder: string; originPort: number; port: number; pair?: Pair }
export type Pair = { cert: string; key: string }

/** Ours: the gateway's data plane, with its counters, request ids and forwarding headers. */
export const keelson = ({ originPort, port, pair }: Place): Opponent => ({
  name: 'keelson',
  port,
  secure: pair !== undefined,
  command: [process.execPath, join(import.meta.dirname, 'keelson.ts')],
  environment: {
    ORIGIN_PORT: String(originPort),
    PORT: String(port),
    ...(pair === undefined ? {} : { CERT_FILE: pair.cert, KEY_FILE: pair.key }),
  },
})

/** Ours with a Kong file. */
export const keelsonWith = (place: Place, name: string, kongFile: string): Opponent => {
  const plain = keelson(place)
  const file = write(place.folder, `${name}.yml`, kongFile)
  return { ...plain, name, environment: { ...plain.environment, KONG_FILE: file } }
}

export const findNginx = ({ folder, originPort, port, pair }: Place): Opponent | undefined => {
  const binary = findBinary('nginx')
  if (binary === undefined) return undefined
  const config = nginxConfig(
    folder,
    `upstream origin { server 127.0.0.1:${originPort}; keepalive 64; keepalive_requests 1000000; }
server {
  listen 127.0.0.1:${port}${pair === undefined ? '' : ' ssl'};
  ${pair === undefined ? '' : `ssl_certificate ${pair.cert}; ssl_certificate_key ${pair.key};`}
  location / {
    proxy_pass http://origin;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Request-Id $request_id;
  }
}`,
  )
  const file = write(folder, `nginx-${port}.conf`, config)
  return { name: 'nginx', port, secure: pair !== undefined, command: [binary, '-c', file] }
}

export const findHaproxy = ({ folder, originPort, port, pair }: Place): Opponent | undefined => {
  const binary = findBinary('haproxy')
  if (binary === undefined) return undefined
  // It wants both in one file.
  const both =
    pair === undefined ? '' : readFileSync(pair.cert, 'utf8') + readFileSync(pair.key, 'utf8')
  const shown = both === '' ? '' : ` ssl crt ${write(folder, 'haproxy.pem', both)}`
  const config = `global
  nbthread 1
  maxconn 2000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend in
  bind 127.0.0.1:${port}${shown}
  default_backend origin
backend origin
  server one 127.0.0.1:${originPort} pool-max-conn 256
`
  const command = [binary, '-db', '-q', '-f', write(folder, `haproxy-${port}.cfg`, config)]
  return { name: 'HAProxy', port, secure: pair !== undefined, command }
}

export const findCaddy = ({ folder, originPort, port, pair }: Place): Opponent | undefined => {
  const binary = findBinary('caddy')
  if (binary === undefined) return undefined
  const config = `{
  admin off
  auto_https off
  default_sni localhost
}
${pair === undefined ? 'http' : 'https'}://:${port} {
  bind 127.0.0.1
  ${pair === undefined ? '' : `tls ${pair.cert} ${pair.key}`}
  reverse_proxy 127.0.0.1:${originPort} {
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
`
  const file = write(folder, `Caddyfile-${port}`, config)
  return {
    name: 'Caddy',
    port,
    secure: pair !== undefined,
    command: [binary, 'run', '--adapter', 'caddyfile', '--config', file],
    environment: { GOMAXPROCS: '1', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  }
}

/**
 * Where npm packages are: at `given` (a folder that holds their node_modules), or installed into
 * the folder of this run; undefined when they cannot be had.
 */
const findPackages = (
  folder: string,
  given: string | undefined,
  packages: readonly string[],
): string | undefined => {
  const root = given ?? folder
  const [first = ''] = packages
  const module = join(root, 'node_modules', first.slice(0, first.lastIndexOf('@')))
  if (!existsSync(module) && given === undefined) {
    mkdirSync(root, { recursive: true })
    try {
      const install = ['install', '--silent', '--no-audit', '--no-fund', '--prefix', root]
      execFileSync('npm', [...install, ...packages], { stdio: 'ignore', timeout: 60_000 })
    } catch {
      return undefined
    }
  }
  return existsSync(module) ? root : undefined
}

/** The npm package `http-proxy`; BENCH_HTTP_PROXY says where it is. */
export const findHttpProxy = ({ folder, originPort, port, pair }: Place): Opponent | undefined => {
  const given = process.env['BENCH_HTTP_PROXY']
  const root = findPackages(join(folder, 'http-proxy'), given, ['http-proxy@1'])
  if (root === undefined) return undefined
  const module = join(root, 'node_modules', 'http-proxy')
  const script = `const httpProxy = require(${JSON.stringify(module)})
const http = require('node:http')
const https = require('node:https')
const fs = require('node:fs')
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
const proxy = httpProxy.createProxyServer({
  target: 'http://127.0.0.1:${originPort}', agent, xfwd: true })
proxy.on('error', (error, request, response) => response.destroy())
${pair === undefined ? 'http' : 'https'}.createServer(${optionsOf(pair)}, (request, response) => proxy.web(request, response)).listen(${port}, '127.0.0.1')
`
  const file = write(folder, `http-proxy-${port}.cjs`, script)
  const command = [process.execPath, '--no-warnings', file]
  return { name: 'http-proxy (npm)', port, secure: pair !== undefined, command }
}

/** The npm package `@fastify/http-proxy`; BENCH_FASTIFY_PROXY says where it is. */
export const findFastifyProxy = ({
  folder,
  originPort,
  port,
  pair,
}: Place): Opponent | undefined => {
  const given = process.env['BENCH_FASTIFY_PROXY']
  const packages = ['@fastify/http-proxy@11', 'fastify@5']
  const root = findPackages(join(folder, 'fastify-proxy'), given, packages)
  if (root === undefined) return undefined
  const from = JSON.stringify(join(root, 'node_modules') + '/')
  const script = `const load = (name) => require(${from} + name)
const fs = require('node:fs')
const server = load('fastify')({ logger: false${pair === undefined ? '' : `, https: ${optionsOf(pair)}`} })
server.register(load('@fastify/http-proxy'), { upstream: 'http://127.0.0.1:${originPort}' })
server.listen({ port: ${port}, host: '127.0.0.1' })
`
  const file = write(folder, `fastify-proxy-${port}.cjs`, script)
  const command = [process.execPath, '--no-warnings', file]
  return { name: '@fastify/http-proxy', port, secure: pair !== undefined, command }
}

/** Of a server of Node's, as JavaScript. */
const optionsOf = (pair: Pair | undefined): string =>
  pair === undefined
    ? '{}'
    : `{ cert: fs.readFileSync(${JSON.stringify(pair.cert)}), key: fs.readFileSync(${JSON.stringify(pair.key)}) }`

/** What every proxy stands in front of: nginx with a static answer, faster than all of them. */
export const findOrigin = ({ folder, port }: Omit<Place, 'originPort'>): Opponent | undefined => {
  const binary = findBinary('nginx')
  if (binary === undefined) return undefined
  const body = '{"id":42,"name":"lamp","price":1999,"stock":7}'
  const server = `server {
  listen 127.0.0.1:${port};
  default_type application/json;
  location / { return 200 '${body}'; }
}`
  const file = write(folder, 'origin.conf', nginxConfig(join(folder, 'origin'), server))
  return { name: 'origin', port, secure: false, command: [binary, '-c', file] }
}

const nginxConfig = (folder: string, server: string): string => {
  mkdirSync(folder, { recursive: true })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ')
  return `worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log /dev/null;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 10000000;
  ${temporary}
  ${server}
}
`
}

const write = (folder: string, name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const findBinary = (name: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))
