import { Agent, get } from 'node:http'

export type LoadResult = { requests: number; failures: Map<string, number>; slowestMs: number }

/**
 * Sends a fixed number of requests a second over kept-alive connections until told to stop, whether
 * or not earlier ones were answered, and counts every answer that is not a 200.
 */
export const startLoad = (url: string, perSecond: number) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  const result: LoadResult = { requests: 0, failures: new Map(), slowestMs: 0 }
  let open = 0
  const startedMs = performance.now()
  const done = Promise.withResolvers<LoadResult>()
  let stopping = false

  const settle = (): void => {
    open -= 1
    if (stopping && open === 0) done.resolve(result)
  }
  const fail = (what: string): void => {
    result.failures.set(what, (result.failures.get(what) ?? 0) + 1)
  }
  const ask = (): void => {
    const askedMs = performance.now()
    open += 1
    result.requests += 1
    get(url, { agent, timeout: 30_000 }, (response) => {
      if (response.statusCode !== 200) fail(`status ${response.statusCode}`)
      response.resume().once('close', () => {
        result.slowestMs = Math.max(result.slowestMs, performance.now() - askedMs)
        settle()
      })
    }).once('error', (error) => {
      fail(error.message)
      settle()
    })
  }
  const timer = setInterval(() => {
    const due = ((performance.now() - startedMs) / 1000) * perSecond
    while (result.requests < due) ask()
  }, 4)

  return async (): Promise<LoadResult> => {
    clearInterval(timer)
    stopping = true
    if (open === 0) done.resolve(result)
    await done.promise
    agent.destroy()
    return result
  }
}
