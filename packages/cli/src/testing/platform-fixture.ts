import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** `text`: as it is, instead of a body. */
export type Answer = { status?: number; body?: unknown; text?: string }
export type Call = {
  method: string
  path: string
  query: URLSearchParams
  authorization: string
  userAgent: string
  /** Parsed: JSON, or the fields of a form; undefined when there is none. */
  body: unknown
}

/**
 * Something that answers where the platform would, with a data folder that leads to it. For what
 * the command does with an answer; what the platform answers is the platform's own test.
 */
export const createPlatformFixture = async (
  answer: (call: Call) => Answer | undefined,
  serveLive: (response: ServerResponse) => void = () => undefined,
) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-cli-'))
  const calls: Call[] = []
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = { ...callOf(request), body: await bodyOf(request) }
    calls.push(call)
    if (call.path === '/readyz') return void response.end('ready\n')
    if (call.path === '/api/v1/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      return serveLive(response)
    }
    const { status = 200, body, text: plain }: Answer = answer(call) ?? notFound
    if (plain !== undefined) return void response.end(plain)
    const type = status < 400 ? 'application/json' : 'application/problem+json'
    response.writeHead(body === undefined ? 204 : status, { 'content-type': type })
    response.end(body === undefined ? undefined : JSON.stringify(body))
  }
  const server = createServer((request, response) => void serve(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const facts = { pid: process.pid, startedAt: '', url, gatewayUrl: url, version: '0.0.0' }
  await writeFile(join(folder, 'platform.json'), JSON.stringify(facts))
  await writeFile(join(folder, 'token'), 'secret-token\n')
  return {
    folder,
    url,
    calls,
    env: { KEELSON_DATA_DIR: folder },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true })
    },
  }
}

const notFound = {
  status: 404,
  body: { status: 404, code: 'not_found', title: '', detail: 'no such route', hint: '', type: '' },
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const content = await text(request)
  if (content === '') return undefined
  return request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
    ? Object.fromEntries(new URLSearchParams(content))
    : JSON.parse(content)
}

const callOf = (request: IncomingMessage): Omit<Call, 'body'> => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fixture')
  return {
    method: request.method ?? '',
    path: decodeURIComponent(pathname),
    query: searchParams,
    authorization: request.headers.authorization ?? '',
    userAgent: request.headers['user-agent'] ?? '',
  }
}

/** Starts the command as a person would, without a terminal and without this shell's settings. */
export const startKeelson = (
  args: readonly string[],
  {
    cwd = tmpdir(),
    env = {},
    input = '',
  }: { cwd?: string; env?: Record<string, string>; input?: string } = {},
) => {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {}) // a command may end before it has read
  child.stdin.end(input)
  const out = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (out.stderr += text))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...out }))
  return { child, out, ended }
}

export const runKeelson = (...given: Parameters<typeof startKeelson>) =>
  startKeelson(...given).ended
