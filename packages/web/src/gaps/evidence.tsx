import type { GapFact } from '@keelson/contract'
import { Icon } from '../ui/icon.tsx'

type EvidenceProps = { evidence: readonly GapFact[]; message: string }

/**
 * Both sides of a finding: the lines they are about, with those around them. What was seen running
 * has the place of its declaration, whose lines need not be shown twice.
 */
export const Evidence = ({ evidence, message }: EvidenceProps) => (
  <ul className="evidence" aria-label={`Evidence: ${message}`}>
    {evidence.map((fact, at) => (
      <li key={`${fact.file}:${fact.line}:${fact.column} ${fact.fact}`} className="fact">
        <p className="fact-head">
          <code className="break">{placeOf(fact)}</code>
          <span className="muted break">{fact.fact}</span>
        </p>
        {fact.excerpt.length > 0 && isFirst(evidence, at) && <Excerpt fact={fact} />}
      </li>
    ))}
  </ul>
)

const isFirst = (evidence: readonly GapFact[], at: number): boolean =>
  evidence.findIndex(
    ({ file, line }) => file === evidence[at]?.file && line === evidence[at].line,
  ) === at

const placeOf = ({ file, line }: GapFact): string => (line === 0 ? file : `${file}:${line}`)

const Excerpt = ({ fact }: { fact: GapFact }) => (
  <div
    className="code"
    role="group"
    aria-label={`Lines of ${placeOf(fact)}`}
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- WCAG 2.1.1: what scrolls must be reached by keyboard
    tabIndex={0}
  >
    <pre>
      {fact.excerpt.map(({ line, text, isIt }) => (
        <span key={line} className={isIt ? 'code-line is-it' : 'code-line'}>
          <span className="code-mark" aria-hidden="true">
            {isIt && <Icon name="play" size={9} />}
          </span>
          <span className="code-number">{line}</span>
          <span className="code-text">{`${text}\n`}</span>
        </span>
      ))}
    </pre>
  </div>
)
