import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { usageError } from '../../failure.ts'
import { getRunning } from '../../platform.ts'
import { count } from '../../text.ts'

export type PurgeOptions = { url?: string; prefix?: string; tag?: string; all?: boolean }

/** Forgets stored answers in every gateway. */
export const purge = async (context: Context, options: PurgeOptions): Promise<number> => {
  const { url, prefix, tag, all } = options
  const given = [url, prefix, tag, all].filter((one) => one !== undefined)
  if (given.length !== 1) {
    throw usageError(
      'purge takes one of --url, --prefix, --tag and --all',
      'keelson gateway purge --tag products',
    )
  }
  const wanted = url ?? prefix
  if (wanted !== undefined && !/^https?:\/\//i.test(wanted)) {
    const hint = 'a URL as clients ask for it: http://shop.localhost:8080/products'
    throw usageError(`${wanted} is no URL`, hint)
  }
  const platform = await getRunning(context)
  const body = {
    ...(url === undefined ? {} : { url }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(tag === undefined ? {} : { tag }),
    ...(all === undefined ? {} : { all }),
  }
  const { removed } = await platform.call('purgeGatewayCache', { body })
  if (context.shared.json) context.output.data(JSON.stringify({ removed }))
  else {
    context.output.message(`${count(removed, 'stored answer')} removed`)
    if (removed === 0 && wanted !== undefined) {
      context.output.message(
        `None is stored under ${wanted}: host and port have to be those that clients ask for`,
      )
    }
  }
  return exitCodes.ok
}
