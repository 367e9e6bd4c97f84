import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning } from '../platform.ts'

export type OpenOptions = { browser: boolean }

/** Prints where the page is, until it is set up a link to that, and opens it where a browser is. */
export const open = async (context: Context, { browser }: OpenOptions): Promise<number> => {
  const { output, shared, dataFolder } = context
  const platform = await getRunning(context)
  const { setUp } = await platform.call('getSignIn')
  const link = setUp ? { url: platform.url } : await platform.call('createSetupLink', {})
  const opener = browser ? await findOpener(context.env) : undefined
  output.data(shared.json ? JSON.stringify({ ...link, opened: opener !== undefined }) : link.url)
  if (opener === undefined) return exitCodes.ok
  const page = join(dataFolder, 'open.html')
  await writeFile(page, redirectTo(link.url), { mode: 0o600 })
  if (!(await start(opener, page))) output.message('No browser could be opened; use the link above')
  return exitCodes.ok
}

/**
 * A page that only leads on. The arguments of a process can be read by everybody on the machine,
 * so the browser gets the name of a file that only its owner can read, and not the link itself.
 */
const redirectTo = (url: string): string => {
  const escaped = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  return `<!doctype html><meta charset="utf-8"><title>Keelson</title>
<meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=${escaped}">
<a href="${escaped}">Open Keelson</a>\n`
}

/** `open` on macOS; `xdg-open` where there is a display, and the person sits before it. */
const findOpener = async (env: Context['env']): Promise<string | undefined> => {
  if (process.platform === 'darwin') return '/usr/bin/open'
  const hasDisplay = Boolean(env['DISPLAY']) || Boolean(env['WAYLAND_DISPLAY'])
  if (!hasDisplay || env['SSH_CONNECTION'] !== undefined) return undefined
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, 'xdg-open')
    const isThere = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return candidate
  }
  return undefined
}

const openTimeoutMs = 3000

/** True once the opener has ended well, or goes on (some stay with the browser). */
const start = async (opener: string, page: string): Promise<boolean> => {
  const child = spawn(opener, [page], { stdio: 'ignore', detached: true })
  try {
    const ended = once(child, 'exit').then(([code]) => code === 0)
    return await Promise.race([ended, sleep(openTimeoutMs, true)])
  } catch {
    return false // it could not even be started
  } finally {
    child.unref()
  }
}
