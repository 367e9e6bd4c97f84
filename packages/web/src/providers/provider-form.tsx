import type { Provider } from '@keelson/contract'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { Check } from '../ui/check.tsx'
import { Command } from '../ui/copy-button.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { TextField } from '../ui/text-field.tsx'
import { ClientSecret } from './client-secret.tsx'
import { GroupRoles } from './group-roles.tsx'
import { draftOf, isComplete, settingsOf, type ProviderDraft } from './provider-settings.ts'
import { useProviderChange } from './use-provider-change.ts'

type ProviderFormProps = {
  /** What is changed; without it a provider is made. */
  provider?: Provider
  /** Ids that are no longer free. */
  taken: readonly string[]
  onClose: () => void
}

/** Makes or changes a provider. The platform reads its discovery document before it keeps it. */
export const ProviderForm = ({ provider, taken, onClose }: ProviderFormProps) => {
  const [draft, setDraft] = useState(() => draftOf(provider))
  const change = (next: Partial<ProviderDraft>) => setDraft({ ...draft, ...next })
  const isTaken = taken.includes(draft.id)
  const save = useProviderChange(
    () => call('putProvider', { params: { provider: draft.id }, body: settingsOf(draft) }),
    onClose,
  )
  return (
    <DialogForm
      wide
      title={provider === undefined ? 'Add a sign-in provider' : `Change ${provider.name}`}
      submit={provider === undefined ? 'Add the provider' : 'Save'}
      disabled={!isComplete(draft) || isTaken}
      change={save}
      onClose={onClose}
    >
      <div className="provider-pair">
        <TextField
          exact
          name="name"
          label="Name on the button"
          value={draft.name}
          max={60}
          onChange={(name) => change({ name })}
        />
        {provider === undefined && (
          <TextField
            exact
            label="Id"
            hint="Lower case; stands in the redirect URI."
            fault={isTaken ? 'There is a provider of this id.' : undefined}
            value={draft.id}
            max={40}
            onChange={(id) => change({ id })}
          />
        )}
      </div>
      <div className="field">
        <p className="provider-label">Redirect URI, to be registered at the provider</p>
        {provider === undefined ? (
          // Only the platform knows under which address it is public.
          <p className="muted small">
            Shown in the list once the provider is added: its path is{' '}
            <code className="break">/sign-in/{draft.id || '…'}/callback</code>.
          </p>
        ) : (
          <Command text={provider.redirectUri} label="Copy the redirect URI" />
        )}
      </div>
      <TextField
        exact
        name="issuer"
        label="Issuer"
        hint="As its tokens say it; /.well-known/openid-configuration is read below it."
        value={draft.issuer}
        max={500}
        onChange={(issuer) => change({ issuer })}
      />
      <TextField
        exact
        name="clientId"
        label="Client id"
        value={draft.clientId}
        max={300}
        onChange={(clientId) => change({ clientId })}
      />
      <ClientSecret hasSecret={provider?.hasSecret === true} draft={draft} onChange={change} />
      <div className="provider-pair">
        <TextField
          exact
          name="scopes"
          label="Scopes"
          value={draft.scopes}
          max={1000}
          onChange={(scopes) => change({ scopes })}
        />
        <TextField
          exact
          name="groupsClaim"
          label="Claim with the groups"
          value={draft.groupsClaim}
          max={200}
          onChange={(groupsClaim) => change({ groupsClaim })}
        />
      </div>
      <GroupRoles roles={draft.roles} onChange={(roles) => change({ roles })} />
      <Switches draft={draft} onChange={change} />
    </DialogForm>
  )
}

const switches = [
  [
    'createsUsers',
    'Make accounts',
    'Whoever it knows gets an account, with the roles of its groups.',
  ],
  [
    'trustsFactors',
    'Trust its second factor',
    'No second factor is asked after it: it is trusted to have asked.',
  ],
  [
    'allowsInternal',
    'It is at an internal address',
    'Private and loopback addresses are refused otherwise.',
  ],
  ['disabled', 'Disabled', 'Not offered at sign-in; sessions made by it end.'],
] as const

type SwitchesProps = { draft: ProviderDraft; onChange: (next: Partial<ProviderDraft>) => void }

const Switches = ({ draft, onChange }: SwitchesProps) => (
  <fieldset className="choices">
    <legend>What it may</legend>
    {switches.map(([name, label, hint]) => (
      <Check
        key={name}
        label={label}
        hint={hint}
        checked={draft[name]}
        onChange={(isOn) => onChange({ [name]: isOn })}
      />
    ))}
  </fieldset>
)
