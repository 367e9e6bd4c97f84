import { useLiveStatus } from '../live/live-context.tsx'
import type { LiveStatus } from '../live/live-connection.ts'
import { Icon, type IconName } from '../ui/icon.tsx'

type Look = { tone: string; icon: IconName; text: string; title: string }

const lookOf = (status: LiveStatus): Look => {
  switch (status.kind) {
    case 'live':
      return { tone: 'is-healthy', icon: 'live', text: 'Live', title: 'Changes appear at once' }
    case 'paused':
    case 'connecting':
      return {
        tone: 'is-stopped',
        icon: 'starting',
        text: 'Connecting',
        title: 'Opening the stream',
      }
    case 'reconnecting':
      return {
        tone: 'is-degraded',
        icon: 'degraded',
        text: 'Reconnecting',
        title: 'The stream broke; until it is back this page is read every 10 s',
      }
    case 'stale':
      return {
        tone: 'is-degraded',
        icon: 'degraded',
        text: `Stale ${status.seconds} s`,
        title: 'Nothing was heard from the platform for this long',
      }
  }
}

/** Whether what is on screen is true now. */
export const LiveBadge = () => {
  const status = useLiveStatus()
  const look = lookOf(status)
  return (
    <span className={`state pill ${look.tone}`} title={look.title} data-live={status.kind}>
      <Icon name={look.icon} size={14} />
      <span className="num">{look.text}</span>
    </span>
  )
}
