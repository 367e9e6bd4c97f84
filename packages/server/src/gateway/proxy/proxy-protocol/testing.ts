import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, until } from '../testing.ts'

/** Why tests with HAProxy are skipped; false when it is there. */
export const noHaproxy = ((): string | false => {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' })
    return false
  } catch {
    return 'haproxy is not installed (apt-get install haproxy)'
  }
})()

/** A real HAProxy on a free port, from `bind <port>…` to the end of `server …`. */
export const startHaproxy = async (
  mode: 'http' | 'tcp',
  { bind = '', server }: { bind?: string; server: string },
) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-haproxy-'))
  const port = await freePort()
  const file = join(folder, 'haproxy.cfg')
  const text = `
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 10s
  timeout server 10s
listen it
  bind 127.0.0.1:${port} ${bind}
  ${mode === 'http' ? 'http-request set-header X-Seen-By-Haproxy %[src]' : ''}
  server it ${server}
`
  await writeFile(file, text)
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  let isOpen = false
  await until(() => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      isOpen = true
      socket.destroy()
    })
    socket.on('error', () => {})
    return isOpen
  }, 'HAProxy')
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true })
    },
  }
}
