import type { OneTimeLink } from '@keelson/contract'
import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { duration } from './text.ts'

/** The link alone on standard output, so that a script may read it. */
export const tellLink = ({ output, shared }: Context, link: OneTimeLink): number => {
  output.data(shared.json ? JSON.stringify(link) : link.url)
  if (!shared.json) {
    const left = Date.parse(link.expiresAt) - Date.now()
    output.message(`It works once, within ${duration(left)}`)
  }
  return exitCodes.ok
}
