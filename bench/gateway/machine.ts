import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import type { Opponent } from './opponents.ts'

/** Processes on cores of their own, what they cost, and wrk. */

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const children: ChildProcess[] = []

/** Starts it pinned to a core (or several: '0,1'); resolves with its pid once it answers. */
export const start = async (
  opponent: Opponent,
  core: number | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> => {
  const child = spawn('taskset', ['-c', String(core), ...opponent.command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...opponent.environment },
  })
  children.push(child)
  let said = ''
  child.stderr?.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-2000)))
  const deadline = Date.now() + 60_000
  for (;;) {
    const body = await bodyOf(opponent, headers).catch(() => '')
    if (body.includes('"lamp"')) return child.pid ?? 0
    if (Date.now() > deadline || child.exitCode !== null) {
      throw new Error(`${opponent.name} does not answer: ${said} ${body.slice(0, 200)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Ends one that was started, by its pid. */
export const stop = async (pid: number): Promise<void> => {
  const child = children.find((one) => one.pid === pid)
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
}

export const stopAll = async (): Promise<void> => {
  await Promise.all(children.map(({ pid }) => stop(pid ?? 0)))
}

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const urlOf = ({ port, secure }: Opponent): string =>
  `${secure ? 'https' : 'http'}://127.0.0.1:${port}/products/42?full=1`

/** Whatever certificate it shows: this machine has made it a moment ago. */
const bodyOf = async (
  opponent: Opponent,
  headers: Readonly<Record<string, string>>,
): Promise<string> => {
  const url = urlOf(opponent)
  const request = opponent.secure
    ? httpsGet(url, { headers, rejectUnauthorized: false })
    : httpGet(url, { headers })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return await text(response)
}

/** Fields of /proc/<pid>/stat after the command name, which may hold spaces. */
const statOf = (pid: string): string[] => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return [] // ended meanwhile
  }
}

/** A process and all below it. */
const treeOf = (pid: number): Set<string> => {
  const all = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  const parents = new Map(all.map((entry) => [entry, statOf(entry)[1]] as const))
  const tree = new Set([String(pid)])
  for (let grown = true; grown;) {
    grown = false
    for (const [entry, parent] of parents) {
      if (parent === undefined || tree.has(entry) || !tree.has(parent)) continue
      tree.add(entry)
      grown = true
    }
  }
  return tree
}

/** Processor seconds of a process and all below it. */
export const cpuSecondsOf = (pid: number): number => {
  let ticks = 0
  for (const entry of treeOf(pid)) {
    const stat = statOf(entry)
    ticks += Number(stat[11] ?? 0) + Number(stat[12] ?? 0)
  }
  return ticks / ticksPerSecond
}

/** Resident memory of a process and all below it, in MB. */
export const megabytesOf = (pid: number): number => {
  let kilobytes = 0
  for (const entry of treeOf(pid)) {
    const status = readFileSync(`/proc/${entry}/status`, 'utf8')
    kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0)
  }
  return kilobytes / 1024
}

export type Sample = { perCpuSecond: number; perSecond: number }

const connections = 50

/** What wrk reports of so many seconds. */
export const load = (
  opponent: Opponent,
  seconds: number,
  headers: Readonly<Record<string, string>> = {},
): string => {
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const wrk = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, ...fields, urlOf(opponent)]
  const timeout = (seconds + 20) * 1000
  return execFileSync('taskset', ['-c', '0', ...wrk], { encoding: 'utf8', timeout })
}

export const measure = (
  opponent: Opponent,
  pid: number,
  seconds: number,
  headers: Readonly<Record<string, string>> = {},
): Sample => {
  const before = cpuSecondsOf(pid)
  const report = load(opponent, seconds, headers)
  const cpuSeconds = cpuSecondsOf(pid) - before
  if (/Non-2xx|Socket errors/.test(report)) {
    throw new Error(`${opponent.name} answered with errors:\n${report}`)
  }
  const requests = Number(/(\d+) requests in/.exec(report)?.[1] ?? 0)
  return {
    perCpuSecond: requests / cpuSeconds,
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1] ?? 0),
  }
}

/** Of answers, in milliseconds, from when each request was due. */
export type Paced = {
  p50: number
  p99: number
  longest: number
  answered: number
  failures: number
  total: number
}

/** 2,000 requests per second for so long, whatever the answers do. */
export const pace = async (port: number, seconds: number): Promise<Paced> => {
  const script = ['-c', '0', process.execPath, join(import.meta.dirname, 'pace.ts')]
  const child = spawn('taskset', [...script, String(port), '2000', String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(await text(child.stdout)) as Paced
}

export const medianOf = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0
