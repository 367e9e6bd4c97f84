import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { referenceQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { ErrorBox, Loading, Quiet } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import {
  groupOperations,
  limitsOf,
  matchesEntry,
  typeOf,
  type Entry,
  type OpenApi,
  type Parameter,
  type Schema,
} from './openapi.ts'
import { SchemaView } from './schema-view.tsx'
import './reference.css'

/** The API as the platform describes itself; nothing is fetched from anywhere else. */
export const ReferencePage = () => {
  usePageTitle('API reference')
  const reference = useQuery(referenceQuery)
  return (
    <div className="stack">
      <div className="spread">
        <h1>API reference</h1>
        <a href="/api/v1/openapi.json">openapi.json</a>
      </div>
      {reference.isPending && <Loading rows={8} height={40} />}
      {reference.isError && (
        <ErrorBox error={reference.error} onRetry={() => void reference.refetch()} />
      )}
      {reference.data !== undefined && <Reference document={reference.data as OpenApi} />}
    </div>
  )
}

const Reference = ({ document }: { document: OpenApi }) => {
  const [text, setText] = useState('')
  const groups = useMemo(() => groupOperations(document), [document])
  const schemas = document.components?.schemas ?? {}
  const shown = groups
    .map(([tag, entries]) => [tag, entries.filter((entry) => matchesEntry(entry, text))] as const)
    .filter(([, entries]) => entries.length > 0)
  return (
    <>
      <p className="muted">
        {document.info?.title} {document.info?.version}. {document.info?.description}
      </p>
      <TextInput
        type="search"
        size="sm"
        className="reference-filter"
        aria-label="Filter operations"
        placeholder="Path, name or summary"
        leftSection={<Icon name="search" />}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
      />
      {shown.map(([tag, entries]) => (
        <Card key={tag} title={tag} flush>
          {entries.map((entry) => (
            <OperationView key={entry.method + entry.path} entry={entry} schemas={schemas} />
          ))}
        </Card>
      ))}
      {shown.length === 0 && (
        <div className="card">
          <Quiet>No operation matches.</Quiet>
        </div>
      )}
    </>
  )
}

type OperationViewProps = { entry: Entry; schemas: Record<string, Schema> }

const OperationView = ({ entry: { method, path, operation }, schemas }: OperationViewProps) => {
  const [open, setOpen] = useState(false)
  const permission = operation['x-permission']
  return (
    <details className="operation" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <span className={`method ${method.toLowerCase()}`}>{method}</span>
        <code className="break">{path}</code>
        <span className="muted operation-summary">{operation.summary}</span>
        {permission !== undefined && <span className="tag">{permission}</span>}
      </summary>
      {open && (
        <div className="operation-body stack">
          <div className="command">
            <code>{curlOf(method, path)}</code>
            <CopyButton text={curlOf(method, path)} label="Copy as curl" />
          </div>
          <Parameters parameters={operation.parameters ?? []} />
          <Body title="Body" content={operation.requestBody?.content} schemas={schemas} />
          {Object.entries(operation.responses ?? {}).map(([status, response]) => (
            <Body
              key={status}
              title={`${status === 'default' ? 'Error' : status}: ${response.description ?? ''}`}
              content={response.content}
              schemas={schemas}
              always
            />
          ))}
        </div>
      )}
    </details>
  )
}

const curlOf = (method: string, path: string): string =>
  `curl -X ${method} -H "Authorization: Bearer $KEELSON_TOKEN" ${window.location.origin}${path}`

const Parameters = ({ parameters }: { parameters: readonly Parameter[] }) => {
  if (parameters.length === 0) return null
  return (
    <div>
      <h3>Parameters</h3>
      <ul className="schema">
        {parameters.map(({ name, in: place, required, description, schema }) => (
          <li key={`${place} ${name}`} className="schema-leaf">
            <code>
              {name}
              {required !== true && '?'}
            </code>{' '}
            <code className="muted break">{typeOf(schema)}</code>
            <span className="muted break">
              {' '}
              in {place}
              {limitsOf(schema) !== '' && `, ${limitsOf(schema)}`}
            </span>{' '}
            {description ?? schema?.description}
          </li>
        ))}
      </ul>
    </div>
  )
}

type BodyProps = {
  title: string
  content: Record<string, { schema?: Schema }> | undefined
  schemas: Record<string, Schema>
  always?: boolean
}

const Body = ({ title, content, schemas, always = false }: BodyProps) => {
  const [type, media] = Object.entries(content ?? {})[0] ?? []
  if (media === undefined && !always) return null
  return (
    <div>
      <h3>
        {title} {type !== undefined && <span className="muted">{type}</span>}
      </h3>
      {media?.schema !== undefined && <SchemaView schema={media.schema} schemas={schemas} />}
    </div>
  )
}
