import { SelectField } from '../ui/select-field.tsx'
import { TextField } from '../ui/text-field.tsx'
import type { ProviderDraft, SecretChoice } from './provider-settings.ts'

type ClientSecretProps = {
  hasSecret: boolean
  draft: ProviderDraft
  onChange: (next: Partial<ProviderDraft>) => void
}

const secretMax = 1000

const choicesOf = (hasSecret: boolean): { value: SecretChoice; label: string }[] => [
  ...(hasSecret ? [{ value: 'keep' as const, label: 'stays as it is' }] : []),
  { value: 'replace', label: hasSecret ? 'another one' : 'this one' },
  { value: 'none', label: 'none: a public client' },
]

/** Written and never read: what is kept is not shown to anybody. */
export const ClientSecret = ({ hasSecret, draft, onChange }: ClientSecretProps) => (
  <div className="provider-pair">
    <SelectField
      label="Client secret"
      value={draft.secret}
      data={choicesOf(hasSecret)}
      onChange={(secret) => onChange({ secret: secret as SecretChoice, newSecret: '' })}
    />
    {draft.secret === 'replace' && (
      <TextField
        name="clientSecret"
        type="password"
        label="The secret"
        hint="Kept encrypted, and shown to nobody again."
        max={secretMax}
        value={draft.newSecret}
        onChange={(newSecret) => onChange({ newSecret })}
      />
    )}
  </div>
)
