import type { Grant } from '@keelson/contract'
import { Icon } from '../../ui/icon.tsx'

export const holderKinds: Record<Grant['holder']['kind'], string> = {
  user: 'user',
  service_account: 'service account',
  stack_service: 'service of a stack',
  team: 'team',
}

/** Who made a grant: the platform tells names, and for the machine's own command line its id. */
export const makerName = (createdBy: string): string =>
  createdBy === 'local' ? 'local command line' : createdBy

/** Only a denial is marked: it wins over everything. */
export const Effect = ({ effect }: Pick<Grant, 'effect'>) =>
  effect === 'deny' && (
    <span className="mark is-unhealthy">
      <Icon name="unhealthy" size={12} />
      denied
    </span>
  )
