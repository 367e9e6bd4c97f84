// What each step of the library does. An action resolves with what it saw, or throws.
import { setTimeout as sleep } from 'node:timers/promises'
import { requestJson } from '../../../shared/http-client.mjs'

const pauseSecondsMax = 60

/**
 * @param {object} options
 * @param {{ assets: string, communication: string }} options.urls
 * @param {() => Promise<Record<string, string>>} options.headers with a token
 */
export const createActions = ({ urls, headers }) => {
  const post = async (url, body) => {
    const answer = await requestJson(url, {
      ...{ method: 'POST', body, timeoutMs: 10_000 },
      headers: await headers(),
    })
    if (answer.status >= 400) throw new Error(answer.body?.error ?? `answered ${answer.status}`)
    return answer.body
  }

  return {
    test_asset: async ({ asset }) => {
      const seen = await post(`${urls.assets}/assets/${encodeURIComponent(asset)}/test`, {})
      if (!seen.reachable) throw new Error(`${asset}: ${seen.detail}`)
      return `${asset} ${seen.detail} in ${seen.latencyMs} ms`
    },
    check_http: async ({ url }) => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(10_000), redirect: 'manual' })
      await answer.body?.cancel()
      if (answer.status >= 400) throw new Error(`${url} answered ${answer.status}`)
      return `${url} answered ${answer.status}`
    },
    notify: async ({ channel, template, data = {} }) => {
      const { id } = await post(`${urls.communication}/notifications`, { channel, template, data })
      return `notification ${id} is on its way`
    },
    pause: async ({ seconds }) => {
      const held = Math.min(Math.max(Number(seconds) || 0, 0), pauseSecondsMax)
      await sleep(held * 1000)
      return `waited ${held} s`
    },
  }
}
