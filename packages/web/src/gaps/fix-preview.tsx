import type { GapFixPreview } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { gapFixQuery } from '../api/queries.ts'
import { Command } from '../ui/copy-button.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { readDiff, type DiffLine } from './diff.ts'

type FixPreviewProps = { stack: string; fingerprints: string[] }

/** What the command would write, and the command. Nothing is written from here. */
export const FixPreview = ({ stack, fingerprints }: FixPreviewProps) => {
  const preview = useQuery(gapFixQuery(stack, fingerprints))
  return (
    <div className="fix" role="group" aria-label="Fix">
      {preview.isPending && <Loading rows={1} height={90} />}
      {preview.isError && <ErrorBox error={preview.error} onRetry={() => void preview.refetch()} />}
      {preview.data !== undefined && <Preview preview={preview.data} />}
    </div>
  )
}

const Preview = ({ preview: { files, skipped, command } }: { preview: GapFixPreview }) => (
  <>
    {files.map(({ file, diff }) => (
      <div key={file} className="fact">
        <p className="fact-head">
          <code className="break">{file}</code>
        </p>
        <Diff file={file} lines={readDiff(diff)} />
      </div>
    ))}
    {skipped.length > 0 && (
      <ul className="small muted">
        {skipped.map(({ fingerprint, why }) => (
          <li key={fingerprint} className="break">
            Left as it is: {why}
          </li>
        ))}
      </ul>
    )}
    {files.length > 0 && (
      <>
        <p className="muted small">Run this in the folder; nothing is written from here.</p>
        <Command text={command} />
      </>
    )}
  </>
)

const signs = { added: '+', removed: '−', same: ' ', hunk: ' ' } as const
const words = { added: 'added: ', removed: 'removed: ', same: '', hunk: '' } as const

const Diff = ({ file, lines }: { file: string; lines: readonly DiffLine[] }) => (
  <div
    className="code"
    role="group"
    aria-label={`Changes of ${file}`}
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- WCAG 2.1.1: what scrolls must be reached by keyboard
    tabIndex={0}
  >
    <pre>
      {lines.map(({ kind, before, after, text }) => (
        <span
          key={`${kind} ${before ?? ''} ${after ?? ''} ${text}`}
          className={`code-line is-${kind}`}
        >
          <span className="code-mark" aria-hidden="true">
            {signs[kind]}
          </span>
          <span className="code-number">{after ?? before}</span>
          <span className="code-text">
            <span className="sr-only">{words[kind]}</span>
            {`${text}\n`}
          </span>
        </span>
      ))}
    </pre>
  </div>
)
