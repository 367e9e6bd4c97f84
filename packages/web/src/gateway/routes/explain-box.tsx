import type { GatewayExplanation } from '@keelson/contract'
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useId, useState, type SyntheticEvent } from 'react'
import { Card } from '../../ui/card.tsx'
import { ErrorBox } from '../../ui/feedback.tsx'
import { explain } from '../queries.ts'
import { askOf, methods, type AskForm } from './explain-ask.ts'
import { ExplainDetails } from './explain-details.tsx'
import { ExplainResult } from './explain-result.tsx'
import './explain.css'

const nothing: AskForm = { method: 'GET', url: '', headers: [], consumer: '', clientIp: '' }

/** Which route a request would take and why. Nothing is sent. */
export const ExplainBox = () => {
  const [form, setForm] = useState(nothing)
  const [isDetailed, setDetailed] = useState(false)
  const id = useId()
  // Stays until the next one is there, so that nothing jumps meanwhile.
  const [told, setTold] = useState<GatewayExplanation | null>(null)
  const answer = useMutation({
    mutationFn: () => explain(askOf(form)),
    onSuccess: setTold,
    onError: () => setTold(null),
  })
  const change = (next: Partial<AskForm>) => setForm((old) => ({ ...old, ...next }))
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault()
    answer.mutate()
  }
  return (
    <Card
      title="Which route takes a request?"
      aside={<span className="muted small gw-aside">Nothing is sent</span>}
    >
      <form className="gw-explain" onSubmit={onSubmit}>
        <div className="gw-ask">
          <NativeSelect
            size="sm"
            aria-label="Method"
            data={[...methods]}
            value={form.method}
            onChange={({ currentTarget }) => change({ method: currentTarget.value })}
          />
          <TextInput
            size="sm"
            aria-label="URL"
            placeholder="https://shop.example/orders/7, or a path"
            className="gw-ask-url"
            spellCheck={false}
            autoCapitalize="off"
            maxLength={8000}
            value={form.url}
            onChange={({ currentTarget }) => change({ url: currentTarget.value })}
          />
          <Button type="submit" size="sm" loading={answer.isPending}>
            Explain
          </Button>
          <button
            type="button"
            className="text-button"
            aria-expanded={isDetailed}
            aria-controls={isDetailed ? id : undefined}
            onClick={() => setDetailed(!isDetailed)}
          >
            Headers, consumer, address
          </button>
        </div>
        {isDetailed && <ExplainDetails id={id} form={form} onChange={change} />}
      </form>
      {answer.isError && <ErrorBox error={answer.error} />}
      {told !== null && <ExplainResult explanation={told} onClose={() => setTold(null)} />}
    </Card>
  )
}
