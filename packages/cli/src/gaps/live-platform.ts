import { realpath } from 'node:fs/promises'
import type { StackObservation } from '@keelson/contract'
import { findPlatform } from '../platform-file.ts'

/** A stack that a running platform of this user keeps up. */
export type RunningStack = {
  name: string
  /** Real paths of its folder and of its compose files. */
  folder: string
  files: readonly string[]
  observe: () => Promise<StackObservation>
}

type Listed = { name: string; workingDir: string; files: string[]; builtIn: boolean }

/**
 * The stacks of the platform of this data folder; none when it does not run, or does not answer.
 * By plain requests: the typed client would bring all schemas into the published command.
 */
export const findStacks = async (dataFolder: string): Promise<RunningStack[]> => {
  const found = await findPlatform(dataFolder)
  if (found.kind !== 'running') return []
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${found.file.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${found.token}` },
      signal: AbortSignal.timeout(answerLimitMs),
    })
    if (!answer.ok) throw new Error(`Keelson answered ${answer.status} to ${path}`)
    return answer.json()
  }
  const { items } = (await ask('/stacks')) as { items: Listed[] }
  return Promise.all(
    items
      .filter(({ builtIn }) => !builtIn)
      .map(async ({ name, workingDir, files }) => ({
        ...{ name, folder: await realPath(workingDir) },
        files: await Promise.all(files.map(realPath)),
        observe: () =>
          ask(`/stacks/${encodeURIComponent(name)}/observation`) as Promise<StackObservation>,
      })),
  )
}

const answerLimitMs = 10_000

/** A file that is gone by now keeps the name it had. */
export const realPath = (path: string): Promise<string> => realpath(path).catch(() => path)
