import { AppError } from '../../kernel/errors.ts'
import type { PurgeWhat } from '../node-states.ts'

/** Throws AppError('bad_request') unless it names one thing, and URLs as they are stored. */
export const purgeOf = (body: PurgeWhat): PurgeWhat => {
  const { url, prefix, tag, all } = body
  const named = [url, prefix, tag, all].filter((one) => one !== undefined && one !== false)
  if (named.length !== 1) {
    throw new AppError('bad_request', { message: 'Give one of url, prefix, tag and all' })
  }
  const wanted = url ?? prefix
  if (wanted === undefined || /^https?:\/\/[^/]/i.test(wanted)) return body
  const message = `${JSON.stringify(wanted)} is no URL: answers are stored under the whole URL that was asked for`
  const hint = 'Write it with scheme, host and port, as in http://shop.localhost:8080/products.'
  throw new AppError('bad_request', { message }, { hint })
}

/** Throws AppError('bad_request') for paths that nobody knows the host of, and what is no URL. */
export const refuseUnknownHost = ({
  host,
  paths,
}: {
  host?: string
  paths: readonly string[]
}): void => {
  for (const path of paths) {
    const isPath = path.startsWith('/')
    if (isPath ? host !== undefined : URL.canParse(path)) continue
    const message = isPath ? `${path} is of no host` : `${JSON.stringify(path)} is no URL`
    const hint = 'Name the host, or write the whole URL: http://shop.localhost:8080/products.'
    throw new AppError('bad_request', { message }, { hint })
  }
}
