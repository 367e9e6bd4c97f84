import type { GatewayCacheRow } from '@keelson/contract'
import type { ReactNode } from 'react'
import { Card } from '../../ui/card.tsx'
import { countOf, formatBytes } from '../../ui/format.ts'
import { answersOf, formatRatio, hitRatio, type PurgeAsk } from './cache-text.ts'

type CacheCardProps = { row: GatewayCacheRow; onPurge: ((ask: PurgeAsk) => void) | null }

export const CacheCard = ({ row, onPurge }: CacheCardProps) => (
  <Card
    title={
      <>
        {row.name} <span className="muted gw-light">of {row.scope}</span>
      </>
    }
    aside={
      onPurge !== null && (
        <button
          type="button"
          className="text-button"
          onClick={() => onPurge({ plugin: row.plugin, by: 'all', what: '' })}
        >
          Forget all of it
        </button>
      )
    }
  >
    <div className="gw-cache" data-cache={row.name}>
      <Ratio row={row} />
      <dl className="gw-facts">
        <Fact name="Entries">{row.entries.toLocaleString('en')}</Fact>
        <Fact name="Memory">
          <Memory row={row} />
        </Fact>
        <Fact name="Disk">{row.diskBytes === 0 ? 'none' : formatBytes(row.diskBytes)}</Fact>
        <Fact name="Redis">{row.shared}</Fact>
        <Fact name="Waited for one answer">{row.collapsed.toLocaleString('en')}</Fact>
        <Fact name="Dropped for room">{row.evictions.toLocaleString('en')}</Fact>
      </dl>
      <Tags row={row} onPurge={onPurge} />
    </div>
  </Card>
)

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd className="num break">{children}</dd>
  </>
)

/** The ratio as a number, as a bar, and in words with their counts. */
const Ratio = ({ row }: { row: GatewayCacheRow }) => {
  const answers = answersOf(row)
  const ratio = hitRatio(row)
  return (
    <div>
      <p className="gw-ratio num">
        <strong>{formatRatio(ratio)}</strong>{' '}
        <span className="muted small">
          {ratio === null ? 'Nobody has asked yet' : 'answered from the cache'}
        </span>
      </p>
      <div className="gw-answers" aria-hidden="true">
        {answers.map(
          ({ name, count }) =>
            count > 0 && (
              <span key={name} className={`gw-answer is-${name}`} style={{ flexGrow: count }} />
            ),
        )}
      </div>
      <ul className="gw-legend">
        {answers.map(({ name, word, count }) => (
          <li key={name}>
            <span className={`gw-dot is-${name}`} aria-hidden="true" />
            <span className="num">{count.toLocaleString('en')}</span> {word}
          </li>
        ))}
      </ul>
    </div>
  )
}

const Memory = ({ row: { memoryBytes, memoryLimitBytes } }: { row: GatewayCacheRow }) => {
  if (memoryLimitBytes === 0) return formatBytes(memoryBytes)
  const share = memoryBytes / memoryLimitBytes
  return (
    <>
      {formatBytes(memoryBytes)} of {formatBytes(memoryLimitBytes)}
      <span className="gw-memory" aria-hidden="true">
        <span
          className={share >= 0.9 ? 'is-high' : undefined}
          style={{ width: `${Math.min(100, share * 100)}%` }}
        />
      </span>
    </>
  )
}

const tagsShownMax = 40

const Tags = ({ row: { tags, plugin }, onPurge }: CacheCardProps) => (
  <div>
    <h3>Tags</h3>
    {tags.length === 0 && <p className="muted small">No answer has a tag.</p>}
    <ul className="gw-tags">
      {tags.slice(0, tagsShownMax).map(({ tag, entries }) => (
        <li key={tag} className="tag gw-tag">
          {tag} <span className="muted num">{entries.toLocaleString('en')}</span>
          {onPurge !== null && (
            <button
              type="button"
              className="gw-tag-purge"
              aria-label={`Forget the ${countOf(entries, 'answer')} tagged ${tag}`}
              title="Forget"
              onClick={() => onPurge({ plugin, by: 'tag', what: tag })}
            >
              ×
            </button>
          )}
        </li>
      ))}
      {tags.length > tagsShownMax && (
        <li className="muted small">and {tags.length - tagsShownMax} more</li>
      )}
    </ul>
  </div>
)
