import { ActionIcon, Button, TextInput } from '@mantine/core'
import { Icon } from '../../ui/icon.tsx'
import { headersMax, type AskForm, type HeaderRow } from './explain-ask.ts'

type ExplainDetailsProps = {
  id: string
  form: AskForm
  onChange: (next: Partial<AskForm>) => void
}

/** What a request has beside its method and its URL. */
export const ExplainDetails = ({ id, form, onChange }: ExplainDetailsProps) => {
  const { headers } = form
  const changeHeader = (key: number, next: Partial<HeaderRow>) =>
    onChange({ headers: headers.map((row) => (row.key === key ? { ...row, ...next } : row)) })
  const add = () =>
    onChange({
      headers: [...headers, { key: (headers.at(-1)?.key ?? 0) + 1, name: '', value: '' }],
    })
  return (
    <div id={id} className="gw-ask-details">
      <div className="gw-headers" role="group" aria-labelledby={`${id}-headers`}>
        <span id={`${id}-headers`} className="gw-headers-name">
          Headers
        </span>
        {headers.map(({ key, name, value }, at) => (
          <div key={key} className="gw-header">
            <TextInput
              size="xs"
              aria-label={`Name of header ${at + 1}`}
              placeholder="x-tenant"
              maxLength={200}
              value={name}
              onChange={({ currentTarget }) => changeHeader(key, { name: currentTarget.value })}
            />
            <TextInput
              size="xs"
              aria-label={`Value of header ${at + 1}`}
              placeholder="red"
              maxLength={8000}
              value={value}
              onChange={({ currentTarget }) => changeHeader(key, { value: currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size={28}
              aria-label={`Remove header ${at + 1}`}
              onClick={() => onChange({ headers: headers.filter((row) => row.key !== key) })}
            >
              <Icon name="close" size={14} />
            </ActionIcon>
          </div>
        ))}
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="plus" size={14} />}
          disabled={headers.length >= headersMax}
          onClick={add}
        >
          Add a header
        </Button>
      </div>
      <TextInput
        size="xs"
        label="Consumer"
        placeholder="as if it had authenticated"
        maxLength={200}
        value={form.consumer}
        onChange={({ currentTarget }) => onChange({ consumer: currentTarget.value })}
      />
      <TextInput
        size="xs"
        label="Address of the client"
        placeholder="203.0.113.7"
        maxLength={64}
        value={form.clientIp}
        onChange={({ currentTarget }) => onChange({ clientIp: currentTarget.value })}
      />
    </div>
  )
}
