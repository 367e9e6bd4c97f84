import type { AccessExplanation, Grant } from '@keelson/contract'
import { Icon } from '../../ui/icon.tsx'
import { Until } from '../../ui/time.tsx'
import { Effect, holderKinds } from '../grants/grant-words.tsx'
import { selectorText } from '../grants/selector-text.ts'

type Considered = AccessExplanation['considered'][number]

const whyWords: Record<Considered['why'], string> = {
  decides: 'decides',
  agrees: 'says the same',
  other_object: 'is about something else',
  expired: 'has ended',
  overruled: 'is overruled',
}

/** The answer in a sentence, the grant that decides, and the others with why they do not. */
export const ExplainResult = ({ explanation }: { explanation: AccessExplanation }) => {
  const { allowed, sentence, considered, object } = explanation
  const deciding = considered.filter(({ why }) => why === 'decides')
  const others = considered.filter(({ why }) => why !== 'decides')
  const tone = allowed ? 'healthy' : 'unhealthy'
  const labels = Object.entries(object.labels)
  return (
    <div className="explained" role="status" data-allowed={allowed}>
      <p className={`explained-answer toned is-${tone}`}>
        <Icon name={tone} size={18} />
        <strong>{allowed ? 'Yes' : 'No'}</strong>
        <span className="explained-sentence break">{sentence}</span>
      </p>
      {!object.isThere && (
        <p className="muted small break">
          There is no {object.name} now that you may see: the answer is what would hold.
        </p>
      )}
      {(labels.length > 0 || object.owner !== null) && (
        <p className="muted small break">
          {object.name} has{' '}
          {[
            ...labels.map(([label, value]) => `label ${label}=${value}`),
            ...(object.owner === null ? [] : [`owner ${object.owner}`]),
          ].join(', ')}
          .
        </p>
      )}
      {deciding.length > 0 && <GrantList considered={deciding} />}
      {others.length > 0 && (
        <details>
          <summary>Other grants that were looked at: {others.length}</summary>
          <GrantList considered={others} />
        </details>
      )}
    </div>
  )
}

const GrantList = ({ considered }: { considered: readonly Considered[] }) => (
  <ul className="explained-grants">
    {considered.map(({ grant, why }) => (
      <li key={grant.id} className="break" data-why={why}>
        <GrantSentence grant={grant} /> <span className="tag">{whyWords[why]}</span>
      </li>
    ))}
  </ul>
)

const GrantSentence = ({ grant }: { grant: Grant }) => {
  const { holder, role, effect, on, expiresAt } = grant
  return (
    <>
      {holder.kind !== 'user' && `${holderKinds[holder.kind]} `}
      <strong>{holder.name}</strong> {effect === 'allow' ? 'has' : 'is'} <Effect effect={effect} />{' '}
      <strong>{role}</strong> on {selectorText(on)}
      {expiresAt !== null && (
        <span className="muted">
          , ends <Until at={expiresAt} />
        </span>
      )}
    </>
  )
}
