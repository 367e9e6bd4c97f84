import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { test } from 'node:test'

import { endpoint, snapshotOf, startOrigin, startProxy } from './testing.ts'

test('an answer that waits for its client is what the service said, whatever is read meanwhile', async () => {
  // More than leaves with its head, and less than one read of ours.
  const size = 40_000
  await using origin = await startOrigin((request, response) => {
    response.end((request.url ?? '').slice(1).repeat(size))
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const session = connect(gateway.url, { settings: { initialWindowSize: 0 } })
  try {
    const bodies: Promise<string>[] = []
    for (const letter of ['a', 'b', 'c']) {
      const stream = session.request({ ':path': `/${letter}` }).setEncoding('utf8')
      await once(stream, 'response')
      bodies.push(stream.toArray().then((pieces) => pieces.join('')))
    }
    session.settings({ initialWindowSize: 1_000_000 })
    for (const [at, body] of (await Promise.all(bodies)).entries()) {
      assert.equal(body, 'abc'.charAt(at).repeat(size))
    }
  } finally {
    session.destroy()
  }
})
