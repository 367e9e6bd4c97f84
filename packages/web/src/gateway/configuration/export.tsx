import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { Card } from '../../ui/card.tsx'
import { ErrorBox } from '../../ui/feedback.tsx'
import { Icon } from '../../ui/icon.tsx'
import { saveText } from '../../ui/save-text.ts'
import { Select } from '../../ui/select.tsx'
import { gatewayDocumentsQuery } from '../queries.ts'

/** The running configuration as a Kong file, without its secrets. */
export const Export = () => {
  const documents = useQuery(gatewayDocumentsQuery)
  const [stack, setStack] = useState<string | undefined>(undefined)
  const stacks = [
    ...new Set((documents.data ?? []).flatMap(({ manager }) => manager.stack ?? [])),
  ].sort()
  const download = useMutation({
    mutationFn: (forKong: boolean) =>
      call('exportGateway', {
        query: { ...(stack === undefined ? {} : { stack }), ...(forKong ? { forKong } : {}) },
      }),
    onSuccess: ({ text }) => saveText(`${stack ?? 'gateway'}-kong.yml`, 'application/yaml', [text]),
  })
  const leftOut = [...new Set(download.data?.leftOut)]
  return (
    <Card title="Take it along">
      <div className="gw-export">
        <p className="muted small">
          The running configuration as a Kong file. Secrets are masked; with them it comes from{' '}
          <code>keelson gateway export</code> for whoever may.
        </p>
        {stacks.length > 0 && (
          <Select
            label="Of"
            value={stack ?? ''}
            all="The whole gateway"
            options={stacks.map((name) => ({ value: name, label: `Stack ${name}` }))}
            onChange={setStack}
          />
        )}
        <div className="row wrap">
          <Button
            size="sm"
            variant="default"
            leftSection={<Icon name="download" size={14} />}
            disabled={download.isPending}
            onClick={() => download.mutate(false)}
          >
            Download
          </Button>
          <Button
            size="sm"
            variant="default"
            disabled={download.isPending}
            title="Without what Kong does not know"
            onClick={() => download.mutate(true)}
          >
            Download for Kong
          </Button>
        </div>
        {download.isError && <ErrorBox error={download.error} />}
        {leftOut.length > 0 && (
          <div role="status">
            <p className="small">Not in the file as it is here:</p>
            <ul className="muted small gw-left-out">
              {leftOut.map((text) => (
                <li key={text} className="break">
                  {text}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Card>
  )
}
