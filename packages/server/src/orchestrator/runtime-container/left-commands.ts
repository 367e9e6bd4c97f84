import { newId } from '../../kernel/ids.ts'
import { killCarriers } from '../runtime-process/process-tree.ts'
import { execInContainer } from './container-exec.ts'
import type { ContainerInfo } from './container-labels.ts'
import type { Engine } from './engine.ts'

/** In the environment of a command we run in a container, and of all it starts. */
const variable = 'KEELSON_PROBE'

/**
 * Marks of the commands that one life of one Keelson runs in containers. An exec outlives whoever
 * asked for it: the engine knows no way to end one, and after a crash nobody else remembers it.
 */
export type CommandMarks = {
  /** `NAME=value`, different for every command. */
  next(): string
  /** Beginnings of marks: those of this Keelson, and among them those of this life. */
  readonly ours: string
  readonly mine: string
}

export const createMarks = (owner: string): CommandMarks => {
  const ours = `${owner}.`
  const mine = `${ours}${newId()}.`
  return { next: () => `${variable}=${mine}${newId()}`, ours, mine }
}

/**
 * Ends what people and probes of an earlier life have left running inside of containers, with all
 * it has started: as it would have ended with its session. From the host where Keelson may look
 * into processes, otherwise with the shell of each container that still runs a command.
 */
export const endLeftCommands = async (
  engine: Engine,
  marks: CommandMarks,
  containers: readonly ContainerInfo[],
  timeoutMs = sweepTimeoutMs,
): Promise<void> => {
  const { ours, mine } = marks
  const running = containers.filter(({ State }) => State.Running)
  if (running.length === 0) return
  const isLeft = (value: string): boolean => value.startsWith(ours) && !value.startsWith(mine)
  if (engine.remoteHost === null) await killCarriers(variable, isLeft)
  const script =
    'for p in /proc/[0-9]*; do tr "\\0" "\\n" <$p/environ 2>/dev/null | ' +
    `grep "^${variable}=${quoted(ours)}" | grep -qv "^${variable}=${quoted(mine)}" && ` +
    'kill -9 "${p#/proc/}"; done'
  const faults: unknown[] = []
  const sweep = async (info: ContainerInfo): Promise<void> => {
    // A paused one runs no command; what it holds still is swept by the next start.
    if (info.State.Paused || !(await runsCommands(engine, info))) return
    const how = { user: '0', marker: marks.next(), timeoutMs, outputLimitBytes: 0 }
    // Without a shell there is no way in; its probes would tell the same at every look.
    await execInContainer(engine, info.Id, ['/bin/sh', '-c', script], how).catch(() => undefined)
  }
  for (const info of running) {
    await sweep(info).catch((error: unknown) => void faults.push(error))
  }
  if (faults.length > 0) throw faults[0]
}

/** As long as Docker gives a health check: a shell that hangs must not keep the others waiting. */
const sweepTimeoutMs = 30_000

const quoted = (text: string): string => text.replaceAll('.', '\\.')

/** The engine lists an ended command for some minutes more. */
const runsCommands = async (engine: Engine, { ExecIDs }: ContainerInfo): Promise<boolean> => {
  // The engine says null for none.
  for (const id of (ExecIDs as readonly string[] | null | undefined) ?? []) {
    const found = await engine.find('inspect a command', (docker) => docker.getExec(id).inspect())
    if (found?.Running === true) return true
  }
  return false
}
