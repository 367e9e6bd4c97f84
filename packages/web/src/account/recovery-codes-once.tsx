import { Button } from '@mantine/core'
import { CopyButton } from '../ui/copy-button.tsx'
import { Icon } from '../ui/icon.tsx'
import { saveText } from '../ui/save-text.ts'
import { ShownOnce } from '../ui/shown-once.tsx'

type RecoveryCodesOnceProps = { codes: readonly string[]; onClose: () => void }

const copyLabel = 'Copy the codes'

export const RecoveryCodesOnce = ({ codes, onClose }: RecoveryCodesOnceProps) => {
  const text = `${codes.join('\n')}\n`
  return (
    <ShownOnce
      title="Your recovery codes"
      text={text}
      copyLabel={copyLabel}
      shown={
        <div className="recovery-codes">
          <ol className="mono" aria-label="Recovery codes">
            {codes.map((code) => (
              <li key={code}>{code}</li>
            ))}
          </ol>
          <div className="row">
            <Button
              size="xs"
              variant="default"
              leftSection={<Icon name="download" size={14} />}
              onClick={() => saveText('keelson-recovery-codes.txt', 'text/plain', [text])}
            >
              Download
            </Button>
            <CopyButton text={text} label={copyLabel} />
          </div>
        </div>
      }
      doneLabel="I have stored them"
      onClose={onClose}
    >
      Store them where you find them without this device, such as a password store or on paper. They
      are shown this once, and each works once.
    </ShownOnce>
  )
}
