import { ProblemError } from '@keelson/sdk'
import { QueryObserver } from '@tanstack/react-query'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCache } from './cache.ts'
import { isRefused } from './call.ts'

const refusal = (status: number) =>
  new ProblemError({
    ...{ type: 'about:blank', title: 'Refused', status, detail: '', code: 'forbidden', hint: '' },
  })

/** Reads something until a test has seen enough of it. */
const read = async (failure: Error) => {
  const cache = createCache({ onUnauthenticated: () => {} })
  let times = 0
  const options = {
    ...{ queryKey: ['overview'], retry: false },
    queryFn: (): Promise<string> => {
      times += 1
      return times === 1 ? Promise.reject(failure) : Promise.resolve('read')
    },
  }
  const look = async () => {
    const observer = new QueryObserver(cache, cache.defaultQueryOptions(options))
    const stop = observer.subscribe(() => {})
    await new Promise<void>((resolve) => {
      const settle = () => cache.isFetching() === 0 && resolve()
      cache.getQueryCache().subscribe(settle)
      settle()
    })
    return stop
  }
  await look()
  return { cache, look, times: () => times, [Symbol.dispose]: () => cache.clear() }
}

test('what was refused is asked again by neither a message nor another visit', async () => {
  using overview = await read(refusal(403))
  await overview.cache.invalidateQueries()
  await overview.look()
  assert.equal(overview.times(), 1)
  // The session permits something else now.
  await overview.cache.resetQueries({ predicate: ({ state }) => isRefused(state.error) })
  assert.equal(overview.times(), 2)
})

test('what failed is', async () => {
  using overview = await read(refusal(503))
  await overview.cache.invalidateQueries()
  assert.equal(overview.times(), 2)
})
