import type { OneTimeLink } from '@keelson/contract'
import { ShownOnce } from '../ui/shown-once.tsx'
import { Until } from '../ui/time.tsx'

type LinkOnceProps = { name: string; link: OneTimeLink; onClose: () => void }

export const LinkOnce = ({ name, link, onClose }: LinkOnceProps) => (
  <ShownOnce
    title={`The link for ${name}`}
    text={link.url}
    copyLabel="Copy the link"
    doneLabel="I have taken it"
    onClose={onClose}
  >
    Give it to {name} in a way that nobody else reads. It is shown this once, works once, and ends{' '}
    <Until at={link.expiresAt} />. Whoever opens it chooses the password.
  </ShownOnce>
)
