import type { ServiceSummary, Why } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { whyQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { Command } from '../ui/copy-button.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { ServiceLink } from '../ui/service-link.tsx'
import { StateLabel } from '../ui/state.tsx'
import { For } from '../ui/time.tsx'
import { TimelineList } from '../ui/timeline-list.tsx'

type WhyStoryProps = { id: string; brief?: boolean }

/** The story of a state: what, since when, caused by what, and the way back. */
export const WhyStory = ({ id, brief = false }: WhyStoryProps) => {
  const why = useQuery(whyQuery(id))
  const title = why.data === undefined ? 'Why' : `Why it is ${why.data.service.state}`
  return (
    <div className="stack">
      <Card title={title}>
        {why.isPending && <Loading rows={3} />}
        {why.isError && <ErrorBox error={why.error} onRetry={() => void why.refetch()} />}
        {why.data !== undefined && <Story why={why.data} />}
      </Card>
      {!brief && why.data !== undefined && why.data.events.length > 0 && (
        <Card title="What led to it" flush>
          <TimelineList entries={why.data.events} withSubject />
        </Card>
      )}
    </div>
  )
}

const Story = ({ why }: { why: Why }) => (
  <div className="stack">
    <div className="sentences">
      {why.sentences.map((sentence) => (
        <p key={sentence} className="break">
          {sentence}
        </p>
      ))}
    </div>
    {why.chain.length > 1 && <Chain chain={why.chain} stack={why.service.stack} />}
    {why.suggestion !== null && (
      <div className="suggestion">
        <p className="break">{why.suggestion.text}</p>
        <Command text={why.suggestion.command} />
      </div>
    )}
  </div>
)

/** From the service asked about down to the root of the trouble. */
const Chain = ({ chain, stack }: { chain: readonly ServiceSummary[]; stack: string }) => (
  <ol className="chain">
    {chain.map((service, index) => (
      <li key={service.id} className={`is-${service.state}`}>
        <span className="row wrap">
          <ServiceLink id={service.id} from={stack} />
          <StateLabel state={service.state} />
          <span className="muted">
            for <For at={service.since} />
          </span>
          {index === chain.length - 1 && index > 0 && <span className="tag">root of it</span>}
        </span>
        <span className="muted break">{service.reason}</span>
      </li>
    ))}
  </ol>
)
