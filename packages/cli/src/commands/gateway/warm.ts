import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text as textOfStream } from 'node:stream/consumers'
import type { GatewayWarmed } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { usageError } from '../../failure.ts'
import { getRunning } from '../../platform.ts'

export type WarmOptions = { from?: string }

/** One question is answered within a minute. */
const urlsAtOnce = 200
const failuresShown = 20

/** Asks the gateway for URLs, or paths under a name, so that its caches have their answers. */
export const warm = async (
  context: Context,
  { from }: WarmOptions,
  operands: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const [first = ''] = operands
  const host = first === '' || isUrl(first) ? undefined : first
  const given = host === undefined ? operands : operands.slice(1)
  const paths = [...given, ...(from === undefined ? [] : await listed(context, from))]
  refuseNone(paths, host)
  const platform = await getRunning(context)
  const done: GatewayWarmed = { stored: 0, failed: 0, failures: [] }
  for (let at = 0; at < paths.length; at += urlsAtOnce) {
    const body = {
      ...(host === undefined ? {} : { host }),
      paths: paths.slice(at, at + urlsAtOnce),
    }
    const { stored, failed, failures } = await platform.call('warmGatewayCache', { body })
    done.stored += stored
    done.failed += failed
    done.failures.push(...failures)
  }
  if (shared.json) output.data(JSON.stringify(done, null, 2))
  else {
    output.message(`${done.stored} of ${paths.length} answered`)
    const shown = done.failures.slice(0, failuresShown)
    for (const { url, reason } of shown) output.alarm(`${url}: ${reason}`)
    if (done.failed > shown.length) output.alarm(`… and ${done.failed - shown.length} more`)
  }
  return done.failed === 0 ? exitCodes.ok : exitCodes.failure
}

const isUrl = (text: string): boolean => /^https?:\/\//i.test(text)

const example = 'keelson gateway warm shop.localhost /products, or --from urls.txt'

const refuseNone = (paths: readonly string[], host: string | undefined): void => {
  if (paths.length === 0) throw usageError('There is nothing to ask for', example)
  for (const path of paths) {
    if (isUrl(path)) continue
    if (!path.startsWith('/')) throw usageError(`${path} is neither a path nor a URL`, example)
    if (host === undefined) throw usageError(`${path} is of no host: name it first`, example)
  }
}

/** A line each; blank ones and those with `#` say nothing. `-` is what is piped in. */
const listed = async ({ cwd }: Context, from: string): Promise<string[]> => {
  const text =
    from === '-'
      ? await textOfStream(process.stdin)
      : await readFile(resolve(cwd, from), 'utf8').catch((error: Error) => {
          throw usageError(
            `${from} cannot be read: ${error.message}`,
            'name a file, or - for stdin',
          )
        })
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '' && !line.startsWith('#'))
}
