import type { UserSession } from '@keelson/contract'
import { Button } from '@mantine/core'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Ago, Until } from '../ui/time.tsx'

type SessionsTableProps = {
  sessions: readonly UserSession[]
  /** Without it they are only shown. */
  onEnd?: (session: UserSession) => void
}

export const SessionsTable = ({ sessions, onEnd }: SessionsTableProps) => (
  <ScrollRegion label="Table of sessions">
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Device</th>
          <th scope="col">Address</th>
          <th scope="col">Last used</th>
          <th scope="col">Ends</th>
          {onEnd !== undefined && (
            <th scope="col">
              <span className="sr-only">Change</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr key={session.id} data-session={session.id}>
            <td className="nowrap">
              {session.device} {session.current && <span className="tag">this one</span>}
            </td>
            <td className="mono">{session.address ?? 'unknown'}</td>
            <td className="nowrap">
              <Ago at={session.lastUsedAt} />
            </td>
            <td className="nowrap">
              <Until at={session.expiresAt} />
            </td>
            {onEnd !== undefined && (
              <td className="end">
                {!session.current && (
                  <Button
                    size="xs"
                    variant="default"
                    aria-label={`Sign out ${session.device}`}
                    onClick={() => onEnd(session)}
                  >
                    Sign out
                  </Button>
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollRegion>
)
