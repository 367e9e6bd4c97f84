import { constants, open, rm, type FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { auditWords, type AuditFilter, type AuditRow, type Problem } from '@keelson/contract'
import { ProblemError } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { runOwnProgram } from '../own-program.ts'
import { verifyAuditEntry } from '../paths.ts'
import { getRunning } from '../platform.ts'
import { formatTable, tableWidth, type Column } from '../table.ts'
import { count } from '../text.ts'

export type FilterOptions = {
  actor?: string
  action?: string
  object?: string
  outcome?: string
  address?: string
  from?: Date
  until?: Date
  contains?: string
}

const pageMax = 1000

/** Newest first. */
export const list = async (
  context: Context,
  { limit = 50, ...given }: FilterOptions & { limit?: number },
): Promise<number> => {
  const { output, shared } = context
  const filter = filterOf(given)
  const platform = await getRunning(context)
  const rows: AuditRow[] = []
  let cursor: string | undefined
  do {
    const query = { ...filter, limit: Math.min(pageMax, limit - rows.length) }
    const page = await platform.call('listAudit', {
      query: cursor === undefined ? query : { ...query, cursor },
    })
    rows.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined && rows.length < limit)
  if (shared.json) output.data(JSON.stringify(rows, null, 2))
  else if (rows.length === 0) output.message('Nothing of that is in the audit')
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(rows, columns, look))
  }
  return exitCodes.ok
}

const columns: Column<AuditRow>[] = [
  { title: 'AT', value: ({ at }) => at.replace('T', ' ').replace(/\.\d+Z$/, 'Z') },
  { title: 'WHO', value: ({ actor }) => actor.name },
  {
    title: 'WHAT',
    value: ({ outcome, count, ...row }) =>
      `${auditWords(row)}${outcome === 'done' ? '' : ` (${outcome})`}${count > 1 ? ` ×${count}` : ''}`,
  },
  { title: 'OBJECT', value: ({ object }) => `${object.kind}:${object.name}` },
  { title: 'FROM', value: ({ address, via }) => (address === null ? via : `${via} ${address}`) },
  {
    title: 'CHANGE',
    value: ({ before, after, reason }) =>
      [
        ...(reason === null ? [] : [reason]),
        ...(before === null ? [] : [JSON.stringify(before)]),
        ...(after === null ? [] : [`→ ${JSON.stringify(after)}`]),
      ].join(' '),
    gives: true,
  },
]

/** Exit code 7 when something was found. */
export const verify = (context: Context): Promise<number> =>
  runOwnProgram(context, verifyAuditEntry(), [])

export const exportRows = async (
  context: Context,
  {
    format = 'jsonl',
    output: path,
    force = false,
    ...given
  }: FilterOptions & { format?: string; output?: string; force?: boolean },
): Promise<number> => {
  const query = new URLSearchParams({ ...filterOf(given), format })
  const platform = await getRunning(context)
  const read = async (): Promise<Readable> => {
    const answer = await fetch(`${platform.url}/api/v1/audit/export?${query}`, {
      headers: await platform.headers(),
    })
    if (answer.ok && answer.body !== null) return Readable.fromWeb(answer.body as ReadableStream)
    throw new ProblemError((await answer.json()) as Problem)
  }
  if (path === undefined) {
    await pipeline(await read(), context.output.stdout, { end: false })
    return exitCodes.ok
  }
  const lines = await writeRows(context, { path, force }, read)
  const rows = count(format === 'csv' ? lines - 1 : lines, 'row')
  context.output.message(`${rows} of the audit written to ${path}`)
  return exitCodes.ok
}

/** How many lines they are; a row is one line. What could not be read to its end is not left behind. */
const writeRows = async (
  { cwd }: Context,
  { path, force }: { path: string; force: boolean },
  read: () => Promise<Readable>,
): Promise<number> => {
  const file = await openNew(resolve(cwd, path), force).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') {
      throw usageError(
        `${path} is there already`,
        'name another --output, or write over it: --force',
      )
    }
    throw usageError(`${path} cannot be written: ${error.message}`, 'name another --output')
  })
  let lines = 0
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      for (const byte of chunk) if (byte === lineEnd) lines += 1
      yield chunk
    }
  }
  try {
    const rows = await read()
    // Not before there is something to put in its place.
    if (force && (await file.stat()).isFile()) await file.truncate()
    await pipeline(rows, counted, file.createWriteStream())
    return lines
  } catch (error) {
    if (!force) await rm(resolve(cwd, path), { force: true })
    throw error
  } finally {
    await file.close()
  }
}

const lineEnd = 0x0a
const { O_WRONLY, O_CREAT, O_EXCL } = constants

const openNew = (file: string, force: boolean): Promise<FileHandle> =>
  open(file, O_WRONLY | O_CREAT | (force ? 0 : O_EXCL), 0o600)

const textFilters = ['actor', 'action', 'object', 'outcome', 'address', 'contains'] as const

/** What is no action or outcome, the platform refuses with the names there are. */
const filterOf = ({ from, until, ...rest }: FilterOptions): AuditFilter => ({
  ...(Object.fromEntries(
    textFilters.flatMap((name) => (rest[name] === undefined ? [] : [[name, rest[name]]])),
  ) as AuditFilter),
  ...(from === undefined ? {} : { from: from.toISOString() }),
  ...(until === undefined ? {} : { until: until.toISOString() }),
})
