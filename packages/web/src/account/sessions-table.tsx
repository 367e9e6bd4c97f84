import type { UserSession } from '@keelson/contract'
import { Button } from '@mantine/core'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Ago, Until } from '../ui/time.tsx'
import './sessions-table.css'

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
          <th scope="col" className="sessions-wide">
            Address
          </th>
          <th scope="col">Last used</th>
          <th scope="col" className="sessions-wide">
            Ends
          </th>
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
              <span className="sessions-narrow muted small mono">
                {session.address ?? 'unknown'}
              </span>
            </td>
            <td className="sessions-wide mono">{session.address ?? 'unknown'}</td>
            <td className="nowrap">
              <Ago at={session.lastUsedAt} />
            </td>
            <td className="sessions-wide nowrap">
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
