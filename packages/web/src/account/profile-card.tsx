import type { Preferences } from '@keelson/contract'
import type { Answer } from '@keelson/sdk'
import { Button, useMantineColorScheme } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call } from '../api/call.ts'
import { sessionQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox } from '../ui/feedback.tsx'
import { SelectField } from '../ui/select-field.tsx'
import { TextField } from '../ui/text-field.tsx'
import { schemeOf } from './color-scheme.ts'
import { accountQuery } from './queries.ts'

type Account = Answer<'getAccount'>
type Choice = { value: string; label: string }

const themes: Choice[] = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
]
const unset: Choice = { value: '', label: 'As the browser' }
/** Browsers list the zones of places, and UTC is none. */
const zones = [unset, ...[...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])].map(named)]
const languages = new Intl.DisplayNames('en', { type: 'language' })
const locales = [
  unset,
  ...['en-GB', 'en-US', 'de', 'es', 'fr', 'it', 'nl', 'pl', 'pt', 'sv', 'tr', 'uk', 'ja', 'zh'].map(
    (value) => ({ value, label: languages.of(value) ?? value }),
  ),
]

function named(value: string): Choice {
  return { value, label: value.replaceAll('_', ' ') }
}

const nameMax = 100

export const ProfileCard = ({ account }: { account: Account }) => {
  const cache = useQueryClient()
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const [displayName, setDisplayName] = useState(account.user.displayName)
  const [preferences, setPreferences] = useState(account.preferences)
  const save = useMutation({
    mutationFn: () => call('updateAccount', { body: { displayName, preferences } }),
    onSuccess: async (saved) => {
      cache.setQueryData(accountQuery.queryKey, saved)
      setColorScheme(schemeOf(saved.preferences))
      await cache.invalidateQueries({ queryKey: sessionQuery.queryKey })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  const choose = (change: Preferences) => setPreferences({ ...preferences, ...change })
  return (
    <Card title="Profile">
      <form className="form" onSubmit={submit}>
        <p>
          You sign in as <strong>{account.user.name}</strong>.
        </p>
        <TextField
          label="Your name, as others see it"
          autoComplete="name"
          max={nameMax}
          value={displayName}
          onChange={setDisplayName}
        />
        <SelectField
          label="Theme"
          hint="The switch above changes it for this browser alone."
          value={preferences.theme ?? 'system'}
          data={themes}
          onChange={(value) => choose({ theme: value as NonNullable<Preferences['theme']> })}
        />
        <SelectField
          label="Time zone"
          value={preferences.timeZone ?? ''}
          data={zones}
          onChange={(timeZone) => choose({ timeZone })}
        />
        <SelectField
          label="How dates are written"
          value={preferences.locale ?? ''}
          data={locales}
          onChange={(locale) => choose({ locale })}
        />
        {save.error !== null && <ErrorBox error={save.error} />}
        <Button type="submit" size="sm" loading={save.isPending}>
          Save
        </Button>
        <p className="muted" role="status">
          {save.isSuccess && 'Saved.'}
        </p>
      </form>
    </Card>
  )
}
