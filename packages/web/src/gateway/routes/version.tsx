import type { GatewayRouteRow } from '@keelson/contract'
import { formatDate } from '../../ui/format.ts'

type Version = GatewayRouteRow['version']

/** Which version of an API a route is, and how long it is still there. */
export const VersionMark = ({ version }: { version: Version }) => {
  if (version === null) return null
  const { api, sunsetAt, deprecatedAt } = version
  const tone = sunsetAt !== null || deprecatedAt !== null ? 'is-degraded' : 'is-accent'
  return (
    <span className={`mark ${tone}`} title={`${api} ${version.version}${lifeOf(version)}`}>
      {version.version}
      {sunsetAt !== null && ` until ${formatDate(sunsetAt)}`}
      {sunsetAt === null && deprecatedAt !== null && ' deprecated'}
    </span>
  )
}

const lifeOf = ({ deprecatedAt, sunsetAt }: NonNullable<Version>): string =>
  [
    deprecatedAt === null ? '' : `, deprecated ${formatDate(deprecatedAt)}`,
    sunsetAt === null ? '' : `, ends ${formatDate(sunsetAt)}`,
  ].join('')
