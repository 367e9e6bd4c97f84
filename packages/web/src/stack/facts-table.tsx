import type { DeclaredFact } from '@keelson/contract'
import { useState } from 'react'
import { Quiet } from '../ui/feedback.tsx'
import { countOf } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Place } from '../ui/place.tsx'

type FactsTableProps = { facts: readonly DeclaredFact[]; service: string }

/** What the file says beside what runs; what differs comes first and says so in words. */
export const FactsTable = ({ facts, service }: FactsTableProps) => {
  const [onlyDiffering, setOnlyDiffering] = useState(false)
  const differing = facts.filter(({ differs }) => differs)
  const others = onlyDiffering ? [] : facts.filter(({ differs }) => !differs)
  if (facts.length === 0) return <Quiet>The file says nothing more about it.</Quiet>
  return (
    <div>
      <div className="spread facts-head">
        <h2>File beside running state</h2>
        {differing.length > 0 && (
          <button
            type="button"
            className="text-button"
            aria-pressed={onlyDiffering}
            onClick={() => setOnlyDiffering(!onlyDiffering)}
          >
            {onlyDiffering
              ? `Show all ${facts.length} facts`
              : `Only the ${countOf(differing.length, 'difference')}`}
          </button>
        )}
      </div>
      <ScrollRegion label={`Facts of ${service}`} className="framed">
        <table className="table dense facts-table">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">File says</th>
              <th scope="col">Runs with</th>
              <th scope="col">Written in</th>
            </tr>
          </thead>
          <tbody>
            {[...differing, ...others].map((fact) => (
              <tr key={fact.path} className={fact.differs ? 'differs' : undefined}>
                <th scope="row">
                  <code className="break">{fact.path}</code>
                </th>
                <td>
                  <Value value={fact.declared} secret={fact.secret} missing="not declared" />
                </td>
                <td>
                  {fact.differs && (
                    <span className="mark is-degraded">
                      <Icon name="drift" size={13} />
                      differs
                    </span>
                  )}
                  <Value value={fact.running} secret={fact.secret} missing="not running" />
                </td>
                <td>{fact.origin !== undefined && <Place origin={fact.origin} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </div>
  )
}

type ValueProps = { value: string | null; secret: boolean; missing: string }

/** A value, or why there is none: a secret never leaves the platform. */
export const Value = ({ value, secret, missing }: ValueProps) => {
  if (secret) {
    return (
      <span className="row muted" title="Looks like a secret, so it never leaves the platform">
        <Icon name="lock" size={14} />
        Hidden
      </span>
    )
  }
  if (value === null) return <span className="muted">{missing}</span>
  if (value === '') return <span className="muted">empty</span>
  return <code className="break">{value}</code>
}
