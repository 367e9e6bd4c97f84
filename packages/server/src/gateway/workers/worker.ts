import { Worker } from 'node:worker_threads'
import { messageOf } from '../../kernel/errors.ts'
import { createLine } from './line.ts'
import type { MainVerbs, ThreadData, ThreadVerbs } from './thread.ts'

/** One life of a worker: a thread, and the line to it. */
export const startWorker = (data: ThreadData, verbs: MainVerbs) =>
  followWorker(new Worker(new URL('thread.ts', import.meta.url), { workerData: data }), verbs)

export const followWorker = (worker: Worker, verbs: MainVerbs) => {
  const line = createLine<ThreadVerbs, MainVerbs>(worker, verbs)
  /** Why, as half a sentence. */
  const ended = new Promise<string>((resolve) => {
    let reason: string | null = null
    worker.once('error', (error) => {
      reason = messageOf(error)
    })
    worker.once('exit', (code) => {
      resolve(reason ?? `it ended with code ${code}`)
      line.end()
    })
  })
  return { line, ended, kill: () => void worker.terminate() }
}

export type RunningWorker = ReturnType<typeof startWorker>
