import type { GatewayWarmed } from '@keelson/contract'
import { Button, Textarea, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { call } from '../../api/call.ts'
import { Card } from '../../ui/card.tsx'
import { ErrorBox } from '../../ui/feedback.tsx'
import { useGatewayChange } from '../use-gateway-change.ts'
import { warmBody, warmSentence } from './cache-text.ts'

/** Has the gateway ask for what will be wanted, so that nobody waits for it. */
export const WarmForm = () => {
  const [host, setHost] = useState('')
  const [list, setList] = useState('')
  const [done, setDone] = useState<GatewayWarmed | null>(null)
  const body = warmBody(host, list)
  const warm = useGatewayChange(() => call('warmGatewayCache', { body }), setDone)
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault()
    setDone(null)
    warm.mutate()
  }
  return (
    <Card title="Ask ahead">
      <form className="gw-warm" onSubmit={onSubmit}>
        <TextInput
          size="sm"
          label="Host of the paths"
          description="Without a port: at the gateway's own"
          placeholder="shop.example"
          spellCheck={false}
          maxLength={253}
          value={host}
          onChange={({ currentTarget }) => setHost(currentTarget.value)}
        />
        <Textarea
          size="sm"
          label="Paths or URLs"
          description="One a line, 1,000 at most"
          placeholder={'/products\nhttps://shop.example/prices'}
          spellCheck={false}
          autosize
          minRows={2}
          maxRows={10}
          value={list}
          onChange={({ currentTarget }) => setList(currentTarget.value)}
        />
        <Button
          type="submit"
          size="sm"
          variant="default"
          loading={warm.isPending}
          disabled={body.paths.length === 0}
        >
          Ask for them
        </Button>
      </form>
      {warm.isError && <ErrorBox error={warm.error} />}
      <div className="gw-warmed" role="status">
        {done !== null && (
          <>
            <p>{warmSentence(done)}</p>
            <ul>
              {done.failures.map(({ url, reason }) => (
                <li key={url} className="small break">
                  <code>{url}</code>: {reason}
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </Card>
  )
}
