import { Command } from '../ui/copy-button.tsx'
import { Empty } from '../ui/feedback.tsx'

/** Shown while Keelson's own parts are all there is. */
export const FirstStack = () => (
  <Empty
    icon="services"
    title="No stack of yours yet"
    action={
      <div className="first-stack">
        <Command text="keelson up" />
      </div>
    }
  >
    Run this in the folder of your compose file. Its services appear here as they start.
  </Empty>
)
