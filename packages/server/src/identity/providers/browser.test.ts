import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { chromium } from 'playwright-core'
import { openKeelson } from './testing/open-keelson.ts'
import { startRealProvider } from './testing/real-provider.ts'

const chromiumPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser'].map((name) => join(folder, name)))
  .find((path) => existsSync(path))
const skip = chromiumPath === undefined ? 'there is no Chromium' : false

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What the page does: it is the same for everybody, and asks who is there. */
const script = `fetch('/api/v1/session').then((answer) => answer.json())
  .then(({ actor, code }) => { document.body.textContent = actor ?? code })`

const open = async () => {
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}`
  const provider = await startRealProvider({
    ...{ redirectUris: [`${publicUrl}/sign-in/corp/callback`], asks: true },
  })
  const keelson = await openKeelson({ publicUrl, startsAt: new Date() })
  const { app } = keelson.http
  app.get('/script.js', { config: { permission: 'public' } }, (_, reply) =>
    reply.type('text/javascript').send(script),
  )
  app.get('/map', { config: { permission: 'public' } }, (_, reply) =>
    reply
      .header('content-security-policy', "default-src 'self'")
      .type('text/html')
      .send('<!doctype html><body><script src="/script.js"></script>'),
  )
  await keelson.http.listen({ host: '127.0.0.1', port })
  await keelson.putProvider('corp', provider.issuer)
  const browser = await chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  return {
    ...{ keelson, provider, browser, publicUrl },
    async [Symbol.asyncDispose]() {
      await browser.close()
      await keelson[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

test(
  'a browser that another site sends back lands signed in, with a strict cookie',
  { skip },
  async () => {
    await using world = await open()
    const context = await world.browser.newContext()
    const page = await context.newPage()
    await page.goto(`${world.publicUrl}/sign-in/corp?to=/map`)
    assert.equal(new URL(page.url()).hostname, 'localhost', 'it is away at another site')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL(`${world.publicUrl}/map`)
    await page.getByText('ana', { exact: true }).waitFor()
    const cookies = await context.cookies(world.publicUrl)
    assert.deepEqual(
      cookies.map(({ name, sameSite, httpOnly }) => [name, sameSite, httpOnly]),
      [['keelson_session', 'Strict', true]],
    )
    await page.reload()
    await page.getByText('ana', { exact: true }).waitFor()
  },
)
