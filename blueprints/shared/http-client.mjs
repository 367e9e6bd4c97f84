import http from 'node:http'

// Node's own client with kept connections: `fetch` costs each small process ~10 MB more.
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 })
const answerLimitBytes = 1024 * 1024

/**
 * Asks another service for JSON.
 *
 * Resolves for every status; rejects when there was no answer within `timeoutMs`, or one that is
 * too large or not JSON.
 *
 * @param {string} url
 * @param {{ method?: string, body?: unknown, timeoutMs?: number, headers?: Record<string, string> }} [options]
 * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, body: any }>}
 */
export const requestJson = (url, { method = 'GET', body, timeoutMs = 3000, headers = {} } = {}) =>
  new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const request = http.request(url, {
      agent,
      method,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        accept: 'application/json',
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
        ...headers,
      },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks = []
      let size = 0
      response.on('data', (chunk) => {
        size += chunk.length
        if (size > answerLimitBytes) {
          response.destroy(new Error(`${url} answered more than ${answerLimitBytes} bytes`))
          return
        }
        chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        try {
          const parsed = text === '' ? null : JSON.parse(text)
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed })
        } catch (cause) {
          reject(new Error(`${url} answered ${response.statusCode} without JSON`, { cause }))
        }
      })
    })
    request.end(payload)
  })
