import { ActionIcon } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { Icon } from './icon.tsx'

export const CopyButton = ({ text, label }: { text: string; label: string }) => {
  const { copy, copied } = useClipboard({ timeout: 1500 })
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={28}
      aria-label={copied ? 'Copied' : label}
      title={label}
      onClick={() => {
        copy(text)
      }}
    >
      <Icon name={copied ? 'check' : 'copy'} />
    </ActionIcon>
  )
}

type CommandProps = { text: string; label?: string }

/** A command to run in a terminal, or a key, with a way to take it along. */
export const Command = ({ text, label = 'Copy the command' }: CommandProps) => (
  <div className="command">
    <code>{text}</code>
    <CopyButton text={text} label={label} />
  </div>
)
