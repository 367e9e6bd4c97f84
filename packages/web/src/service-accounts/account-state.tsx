import type { ServiceAccount } from '@keelson/contract'
import { Icon } from '../ui/icon.tsx'

export const AccountState = ({ account: { disabledAt } }: { account: ServiceAccount }) => {
  const tone = disabledAt === null ? 'healthy' : 'stopped'
  return (
    <span className={`state is-${tone}`}>
      <Icon name={tone} size={14} />
      {disabledAt === null ? 'active' : 'disabled'}
    </span>
  )
}
