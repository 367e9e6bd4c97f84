import { Check } from '../ui/check.tsx'

/** What somebody will sign in with. */
export type Way = 'password' | 'passkey'

const ways: readonly { way: Way; label: string; hint: string }[] = [
  { way: 'password', label: 'A password', hint: 'Something you know, on every device.' },
  {
    way: 'passkey',
    label: 'A passkey',
    hint: 'Kept by this device, your phone or a security key. Nobody can guess it or talk you out of it.',
  },
]

export const WayChoice = ({ way, onWay }: { way: Way; onWay: (way: Way) => void }) => (
  <fieldset className="sign-in-way">
    <legend>Sign in with</legend>
    {ways.map(({ way: value, label, hint }) => (
      <Check
        key={value}
        radio="way"
        label={label}
        hint={hint}
        checked={value === way}
        onChange={() => onWay(value)}
      />
    ))}
  </fieldset>
)
