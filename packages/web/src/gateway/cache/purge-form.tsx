import type { GatewayCacheRow } from '@keelson/contract'
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { Card } from '../../ui/card.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Select } from '../../ui/select.tsx'
import type { PurgeAsk, PurgeBy } from './cache-text.ts'

const ways: readonly { value: PurgeBy; label: string; example: string }[] = [
  { value: 'url', label: 'A URL', example: 'https://shop.example/articles/7' },
  { value: 'prefix', label: 'URLs that begin with', example: 'https://shop.example/articles/' },
  { value: 'tag', label: 'A tag', example: 'article-7' },
  { value: 'all', label: 'Everything', example: '' },
]

type PurgeFormProps = { caches: readonly GatewayCacheRow[]; onAsk: (ask: PurgeAsk) => void }

export const PurgeForm = ({ caches, onAsk }: PurgeFormProps) => {
  const [ask, setAsk] = useState<PurgeAsk>({ plugin: '', by: 'url', what: '' })
  const way = ways.find(({ value }) => value === ask.by)
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault()
    onAsk(ask)
  }
  return (
    <Card title="Forget stored answers">
      <form className="gw-purge" onSubmit={onSubmit}>
        <NativeSelect
          size="sm"
          aria-label="What to forget"
          value={ask.by}
          data={ways.map(({ value, label }) => ({ value, label }))}
          onChange={({ currentTarget: { value } }) =>
            setAsk({ ...ask, by: ways.find((one) => one.value === value)?.value ?? 'url' })
          }
        />
        {ask.by !== 'all' && (
          <TextInput
            size="sm"
            className="gw-purge-what"
            aria-label={way?.label ?? ''}
            placeholder={way?.example ?? ''}
            spellCheck={false}
            maxLength={ask.by === 'tag' ? 500 : 8000}
            value={ask.what}
            onChange={({ currentTarget }) => setAsk({ ...ask, what: currentTarget.value })}
          />
        )}
        {caches.length > 1 && (
          <Select
            label="In which cache"
            value={ask.plugin}
            all="in every cache"
            options={caches.map(({ plugin, name, scope }) => ({
              value: plugin,
              label: `in ${name} of ${scope}`,
            }))}
            onChange={(plugin = '') => setAsk({ ...ask, plugin })}
          />
        )}
        <Button
          type="submit"
          size="sm"
          variant="default"
          leftSection={<Icon name="broom" size={14} />}
          disabled={ask.by !== 'all' && ask.what.trim() === ''}
        >
          Forget
        </Button>
      </form>
    </Card>
  )
}
