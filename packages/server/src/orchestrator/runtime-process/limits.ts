import type { ServiceSpec } from '@keelson/contract'
import { readFile } from 'node:fs/promises'
import { AppError } from '../../kernel/errors.ts'
import { findSystemProgram } from './program.ts'
import type { CgroupLimits } from './cgroup.ts'
import type { Controller } from './cgroup-hierarchy.ts'

/** What a whole instance may take; zero and below is no limit. */
export const cgroupLimitsOf = ({
  memoryLimitBytes,
  cpusMax,
  pidsMax,
}: ServiceSpec): CgroupLimits => ({
  ...(memoryLimitBytes !== undefined && memoryLimitBytes > 0 ? { memory: memoryLimitBytes } : {}),
  ...(cpusMax !== undefined && cpusMax > 0 ? { cpu: cpusMax } : {}),
  ...(pidsMax !== undefined && pidsMax > 0 ? { pids: pidsMax } : {}),
})

/** Limits of single processes, by the options of prlimit(1), and what nobody can hold here. */
export type ProcessLimits = { wrapper: string[]; unheld: string[] }

/** Names that prlimit(1) has for them too. */
const ulimitNames = new Set(
  (
    'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime ' +
    'sigpending stack'
  ).split(' '),
)

/**
 * `ulimits` of a service, and what control groups could not hold as far as a limit of one process
 * can stand in for it. That is memory alone, by RLIMIT_DATA: RLIMIT_AS counts address space that is
 * only reserved, of which Node or Java take gigabytes, and RLIMIT_NPROC counts all processes of the
 * user on this host.
 */
export const processLimitsOf = async (
  spec: ServiceSpec,
  unmet: readonly Controller[],
): Promise<ProcessLimits> => {
  const options: string[] = []
  const unheld: string[] = []
  const own = await ownHardLimits()
  const prlimit = await findSystemProgram('prlimit')
  for (const [name, { soft, hard }] of Object.entries(spec.ulimits)) {
    const most = process.getuid?.() === 0 ? Infinity : (own.get(name) ?? Infinity)
    if (toNumber(hard) > most)
      unheld.push(`ulimit ${name} of ${hard}: only root may go past ${most}`)
    const [softText, hardText] = [soft, hard].map((limit) =>
      toText(Math.min(toNumber(limit), most)),
    )
    options.push(`--${name}=${softText}:${hardText}`)
  }
  const memory = unmet.includes('memory') ? spec.memoryLimitBytes : undefined
  if (memory !== undefined && spec.ulimits['data'] === undefined && prlimit !== undefined) {
    options.push(`--data=${memory}`)
  }
  for (const controller of unmet) unheld.push(unheldText(controller, prlimit !== undefined))
  if (options.length === 0) return { wrapper: [], unheld }
  if (prlimit === undefined)
    return { wrapper: [], unheld: [...unheld, 'ulimits: no prlimit(1) here'] }
  return { wrapper: [prlimit, ...options], unheld }
}

const unheldText = (controller: Controller, withPrlimit: boolean): string => {
  const why = 'no control group can be written here'
  if (controller === 'cpu') return `limit of CPUs: ${why}`
  if (controller === 'pids') return `limit of processes: ${why}`
  return withPrlimit
    ? `limit of memory for all processes together, only for each alone (RLIMIT_DATA): ${why}`
    : `limit of memory: ${why}`
}

/** Throws AppError('process_start_failed') for a limit that does not exist. */
export const checkUlimits = ({ name, ulimits }: ServiceSpec): void => {
  const unknown = Object.keys(ulimits).find((limit) => !ulimitNames.has(limit))
  if (unknown === undefined) return
  const message = `Service ${name} has a ulimit that does not exist: ${unknown}`
  const hint = `Those of Linux are ${[...ulimitNames].join(', ')}.`
  throw new AppError('process_start_failed', { message }, { hint })
}

/** -1 is no limit. */
const toNumber = (limit: number): number => (limit < 0 ? Infinity : limit)
const toText = (limit: number): string => (limit === Infinity ? 'unlimited' : String(limit))

/** Words of proc(5) `limits`, in the order of their names here. */
const procNames: Readonly<Record<string, string>> = {
  'Max address space': 'as',
  'Max core file size': 'core',
  'Max cpu time': 'cpu',
  'Max data size': 'data',
  'Max file size': 'fsize',
  'Max file locks': 'locks',
  'Max locked memory': 'memlock',
  'Max msgqueue size': 'msgqueue',
  'Max nice priority': 'nice',
  'Max open files': 'nofile',
  'Max processes': 'nproc',
  'Max resident set': 'rss',
  'Max realtime priority': 'rtprio',
  'Max realtime timeout': 'rttime',
  'Max pending signals': 'sigpending',
  'Max stack size': 'stack',
}

const ownHardLimits = async (): Promise<Map<string, number>> => {
  const limits = new Map<string, number>()
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  for (const line of text.split('\n')) {
    const found = /^(Max .*?) {2,}\S+ +(\S+)/.exec(line)
    const name = procNames[found?.[1] ?? '']
    if (name === undefined) continue
    limits.set(name, found?.[2] === 'unlimited' ? Infinity : Number(found?.[2]))
  }
  return limits
}
