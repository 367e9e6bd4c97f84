import type { ApiToken } from '@keelson/contract'
import { Button } from '@mantine/core'
import { countOf } from '../ui/format.ts'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Ago, Until } from '../ui/time.tsx'

export type AskedOfToken = { kind: 'rotate' | 'revoke'; token: ApiToken }

type TokenTableProps = {
  tokens: readonly ApiToken[]
  /** Null for who may only look. */
  onAsk: ((asked: AskedOfToken) => void) | null
  /** What can be asked for. */
  asks?: readonly AskedOfToken['kind'][]
  /** They belong to several. */
  withOwner?: boolean
}

const askNames = { rotate: 'Rotate', revoke: 'Revoke' } as const

export const TokenTable = ({
  tokens,
  onAsk,
  asks = ['rotate', 'revoke'],
  withOwner = false,
}: TokenTableProps) => (
  <ScrollRegion label="Table of API tokens">
    <table className="table tokens">
      <thead>
        <tr>
          <th scope="col">Token</th>
          {withOwner && <th scope="col">Owner</th>}
          <th scope="col">May</th>
          <th scope="col">Last used</th>
          <th scope="col">Ends</th>
          {onAsk !== null && (
            <th scope="col">
              <span className="sr-only">Change</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr key={token.id} data-token={token.name}>
            <th scope="row">
              <span className="break">{token.name}</span>
              <code className="muted small block">kst_{token.id}_…</code>
            </th>
            {withOwner && (
              <td>
                <span className="tokens-word">Owner: </span>
                <span className="break">{token.owner.name}</span>
                {token.owner.kind !== 'user' && (
                  <span className="muted small block">{token.owner.kind.replaceAll('_', ' ')}</span>
                )}
              </td>
            )}
            <td>
              <Reach token={token} />
            </td>
            <td>
              <span className="tokens-word">Last used: </span>
              <LastUse token={token} />
            </td>
            <td>
              <span className="tokens-word">Ends: </span>
              <End token={token} />
            </td>
            {onAsk !== null && (
              <td className="end">
                <span className="tokens-actions">
                  {asks.map((kind) => (
                    <Button
                      key={kind}
                      size="xs"
                      variant="default"
                      aria-label={`${askNames[kind]}: ${token.name}`}
                      onClick={() => onAsk({ kind, token })}
                    >
                      {askNames[kind]}
                    </Button>
                  ))}
                </span>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollRegion>
)

/** What it may and from where. */
const Reach = ({ token: { scopes, networks } }: { token: ApiToken }) => (
  <>
    {scopes === null ? (
      'all that its owner may'
    ) : (
      <details>
        <summary>{countOf(scopes.length, 'permission')}</summary>
        <ul className="mono small">
          {scopes.map((scope) => (
            <li key={scope}>{scope}</li>
          ))}
        </ul>
      </details>
    )}
    {networks.length > 0 && (
      <span className="muted small block break">from {networks.join(', ')}</span>
    )}
  </>
)

const LastUse = ({ token: { lastUsedAt, lastUsedAddress } }: { token: ApiToken }) => {
  if (lastUsedAt === null) return <>never</>
  return (
    <>
      <Ago at={lastUsedAt} />
      {lastUsedAddress !== null && (
        <span className="muted small block mono break">{lastUsedAddress}</span>
      )}
    </>
  )
}

const End = ({ token: { expiresAt, formerUntil } }: { token: ApiToken }) => (
  <>
    {expiresAt === null ? 'never' : <Until at={expiresAt} />}
    {formerUntil !== null && (
      <span className="muted small block">
        the secret before ends <Until at={formerUntil} />
      </span>
    )}
  </>
)
