import type { GapSeverity } from '@keelson/contract'
import { Icon, type IconName } from '../ui/icon.tsx'

const looks: Record<GapSeverity, { icon: IconName; tone: string; word: string }> = {
  error: { icon: 'unhealthy', tone: 'is-unhealthy', word: 'Error' },
  warning: { icon: 'degraded', tone: 'is-degraded', word: 'Warning' },
  info: { icon: 'info', tone: 'is-stopped', word: 'Note' },
}

export const SeverityIcon = ({ severity }: { severity: GapSeverity }) => {
  const { icon, tone, word } = looks[severity]
  return (
    <span className={`toned ${tone}`} title={word}>
      <Icon name={icon} />
      <span className="sr-only">{word}: </span>
    </span>
  )
}
