import type { GapFinding } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useId, useState } from 'react'
import { countOf } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { FindingItem } from './finding-item.tsx'
import type { GapGroup } from './findings.ts'
import { FixPreview } from './fix-preview.tsx'

const words: Record<GapGroup, { title: string; about: string }> = {
  fix: { title: 'Fix now', about: 'something is missing or wrong, and fails or will fail' },
  mend: { title: 'Mend by command', about: 'needs no decision' },
  plan: { title: 'Plan', about: 'holds for now, and costs later' },
  know: { title: 'Know', about: 'good to know' },
  accepted: { title: 'Accepted', about: 'somebody gave a reason; they do not count' },
}

const isFolded: Record<GapGroup, boolean> = {
  ...{ fix: false, mend: false, plan: false, know: true, accepted: true },
}

/** More of a group are drawn when they are asked for. */
const shownMax = 50

type FindingGroupProps = {
  stack: string
  group: GapGroup
  findings: readonly GapFinding[]
  news: ReadonlySet<string>
  open: ReadonlySet<string>
  mayWrite: boolean
  onToggle: (fingerprint: string) => void
  onService: (service: string) => void
}

/** A group stays while it is empty, so that what is unfolded in it is not forgotten. */
export const FindingGroup = ({ group, findings, ...rest }: FindingGroupProps) => {
  const { stack, news, open, mayWrite, onToggle, onService } = rest
  const [folded, setFolded] = useState(isFolded[group])
  const [limit, setLimit] = useState(shownMax)
  const id = useId()
  if (findings.length === 0) return null
  const { title, about } = words[group]
  return (
    <section className="card gap-group" aria-labelledby={id} data-group={group}>
      <div className="card-head">
        <h2 id={id}>
          <button
            type="button"
            className="gap-fold"
            aria-expanded={!folded}
            onClick={() => setFolded(!folded)}
          >
            <Icon name="chevron" size={14} />
            {title} <span className="num muted">{findings.length}</span>
          </button>
        </h2>
        <span className="muted small gap-about">{about}</span>
      </div>
      {!folded && (
        <>
          {group === 'mend' && findings.length > 1 && <MendAll stack={stack} findings={findings} />}
          <ul className="findings">
            {findings.slice(0, limit).map((finding) => (
              <li key={finding.fingerprint}>
                <FindingItem
                  {...{ stack, finding, mayWrite, onService }}
                  isOpen={open.has(finding.fingerprint)}
                  isNew={news.has(finding.fingerprint)}
                  onToggle={() => onToggle(finding.fingerprint)}
                />
              </li>
            ))}
          </ul>
          {findings.length > limit && (
            <div className="more">
              <button
                type="button"
                className="text-button"
                onClick={() => setLimit(limit + shownMax)}
              >
                Show {Math.min(shownMax, findings.length - limit)} more of{' '}
                {countOf(findings.length, 'finding')}
              </button>
            </div>
          )}
        </>
      )}
    </section>
  )
}

/** The platform takes no more at once. */
const mendedMax = 500

type MendAllProps = { stack: string; findings: readonly GapFinding[] }

const MendAll = ({ stack, findings }: MendAllProps) => {
  const [shown, setShown] = useState(false)
  return (
    <div className="mend-all">
      <Button
        size="xs"
        variant="default"
        leftSection={<Icon name="file" size={14} />}
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
      >
        {shown ? 'Hide the fix' : `Show the fix of all ${Math.min(findings.length, mendedMax)}`}
      </Button>
      {shown && (
        <FixPreview
          stack={stack}
          fingerprints={findings.slice(0, mendedMax).map(({ fingerprint }) => fingerprint)}
        />
      )}
    </div>
  )
}
