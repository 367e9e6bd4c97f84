import type { PsEntry, Stack } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning, type Platform } from '../platform.ts'
import { markOfState, paintState } from '../progress/marks.ts'
import { findStack, findStackState, listStacks } from '../scope.ts'
import { formatTable, tableWidth, type Column } from '../table.ts'

export type PsOptions = { all?: boolean }

/** Instances of this folder's stack; of every stack outside of one; of Keelson too with --all. */
export const ps = async (context: Context, { all }: PsOptions): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const stacks = await listStacks(platform)
  const stack = all === true ? undefined : await findStack(context, stacks)
  const builtIn = new Set(stacks.filter((one) => one.builtIn).map(({ name }) => name))
  const running = (
    await platform.call(
      'listInstances',
      stack === undefined ? {} : { query: { stack: stack.name } },
    )
  ).filter((entry) => all === true || stack !== undefined || !builtIn.has(entry.stack))
  if (shared.json) {
    output.data(JSON.stringify(running, null, 2))
    return exitCodes.ok
  }
  const shown = stack === undefined ? stacks.filter((one) => !one.builtIn) : [stack]
  const instances = [...running, ...(await stoppedRows(platform, shown, running))]
  if (instances.length === 0) {
    output.message('Nothing is running. Start a stack with: keelson up')
    return exitCodes.ok
  }
  const width = tableWidth(output.stdout)
  output.data(formatTable(instances, columnsOf(context), { width, colors: output.dataColors }))
  return exitCodes.ok
}

/** An instance; `stoppedBy`: a person keeps it from running, and nothing of it is left. */
type PsRow = PsEntry & { stoppedBy?: string }

/** Services that somebody has stopped, of which no instance is left to be listed. */
const stoppedRows = async (
  platform: Platform,
  stacks: readonly Stack[],
  running: readonly PsEntry[],
): Promise<PsRow[]> => {
  const states = await Promise.all(stacks.map(({ name }) => findStackState(platform, name)))
  return states.flatMap((state) =>
    (state?.services ?? []).flatMap(({ summary: { name, stack, runtime }, stoppedBy }) =>
      stoppedBy === null || running.some((one) => one.stack === stack && one.service === name)
        ? []
        : [
            {
              ...{ service: name, stack, instance: `${stack}-${name}-1`, runtime, stoppedBy },
              ...{ pid: null, container_id: null, started_at: null, restarts: 0, ports: [] },
              ...{ state: 'stopped' as const, health: 'stopped' as const, reason: '' },
            },
          ],
    ),
  )
}

const columnsOf = ({ output }: Context): Column<PsRow>[] => [
  { title: 'INSTANCE', value: ({ instance }) => instance, gives: true },
  { title: 'SERVICE', value: ({ stack, service }) => `${stack}/${service}` },
  { title: 'RUNTIME', value: ({ runtime }) => runtime },
  { title: 'PID/ID', value: idOf },
  {
    title: 'STATE',
    value: ({ state, stoppedBy }) => (stoppedBy === undefined ? state : `stopped by ${stoppedBy}`),
  },
  {
    title: 'HEALTH',
    value: ({ health }) => `${markOfState[health]} ${health}`,
    paint: (text, { health }) => paintState(health, output.dataColors)(text),
  },
  { title: 'RESTARTS', value: ({ restarts }) => String(restarts) },
  { title: 'PORTS', value: portsOf },
]

const idOf = ({ pid, container_id: id }: PsEntry): string =>
  id === null ? (pid === null ? '' : String(pid)) : id.slice(0, 12)

/** `127.0.0.1:41093→3000`, or only the address where both are the same port. */
const portsOf = ({ ports }: PsEntry): string =>
  ports
    .map(({ host, port, target, protocol }) => {
      const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
      const inner = port === target ? '' : `→${target}`
      return `${address}${inner}${protocol === 'udp' ? '/udp' : ''}`
    })
    .join(', ')
