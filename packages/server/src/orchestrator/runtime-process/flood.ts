import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { access, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sendSignal } from './process-tree.ts'

/** Lets an instance run in pulses only. */
export type FloodGate = {
  /** Lets it run for so long; resolves when it is held again. False when the gate is gone. */
  pulse(lengthMs: number): Promise<boolean>
  /** Lets it run for good. */
  open(): void
}

/** What is held: a control group that can be frozen, or else a process group by its leader. */
export type HeldProcesses = { cgroups: readonly string[]; group: number; mark: string }

/**
 * A gate before an instance whose flood of output cannot be taken away as fast as it comes. Frozen
 * in its control group it does not notice: no signal, no interrupted call, no parent that is told.
 * Without one its process group is stopped by signal, which a parent in another group can see.
 */
export const createFloodGate = async (held: HeldProcesses): Promise<FloodGate> => {
  const freezer = await findFreezer(held.cgroups)
  const what = freezer === null ? ['stop', String(held.group)] : ['freeze', freezer]
  const script = join(import.meta.dirname, 'pulse.sh')
  // A session of its own: what ends Keelson by its group must not end this first.
  const child = spawn('/bin/sh', [script, ...what, held.mark], {
    detached: true,
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.unref()
  child.stdin.on('error', () => undefined)
  let answer: ((held: boolean) => void) | null = null
  let gone = false
  const tell = (isHeld: boolean): void => {
    answer?.(isHeld)
    answer = null
  }
  createInterface(child.stdout).on('line', () => tell(true))
  const onGone = (): void => {
    gone = true
    tell(false)
    void letGo(held)
  }
  child.once('error', onGone)
  child.once('exit', onGone)
  return {
    pulse: (lengthMs) =>
      new Promise((resolve) => {
        if (gone) return resolve(false)
        answer = resolve
        child.stdin.write(`${(lengthMs / 1000).toFixed(3)}\n`)
      }),
    open: () => child.stdin.end(),
  }
}

const findFreezer = async (cgroups: readonly string[]): Promise<string | null> => {
  for (const cgroup of cgroups) {
    const file = join(cgroup, 'cgroup.freeze')
    const found = await access(file).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  return null
}

/** Lets an instance go on that a killed gate has left held; nothing happens to any other. */
export const letGo = async ({ cgroups, group, mark }: HeldProcesses): Promise<void> => {
  if (!existsSync(mark)) return
  const freezer = await findFreezer(cgroups)
  if (freezer === null) sendSignal(-group, 'SIGCONT')
  else await writeFile(freezer, '0').catch(() => undefined)
  await rm(mark, { force: true })
}
