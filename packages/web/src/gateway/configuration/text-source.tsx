import { Button, Input } from '@mantine/core'
import { useId, useRef, useState, type DragEvent, type RefObject } from 'react'
import { Icon } from '../../ui/icon.tsx'

type TextSourceProps = {
  box: RefObject<HTMLTextAreaElement | null>
  text: string
  onText: (text: string) => void
}

const example = `_format_version: "3.0"
services:
  - name: orders
    url: http://orders:3000
    routes:
      - name: orders
        paths: [/orders]`

/** A text that is written, pasted, dropped or chosen as a file. */
export const TextSource = ({ box, text, onText }: TextSourceProps) => {
  const file = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  const id = useId()
  const read = async (given: File | undefined) => {
    if (given !== undefined) onText(await given.text())
  }
  const onDrop = (event: DragEvent) => {
    // What is text already is put in by the browser.
    if (event.dataTransfer.files.length === 0) return
    event.preventDefault()
    setOver(false)
    void read(event.dataTransfer.files[0])
  }
  return (
    <div className="gw-source" data-over={isOver || undefined}>
      <div className="spread">
        <label htmlFor={id}>Kong file</label>
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="file" size={14} />}
          onClick={() => file.current?.click()}
        >
          Choose a file
        </Button>
        <input
          ref={file}
          type="file"
          hidden
          aria-label="Kong file to read"
          accept=".yml,.yaml,.json"
          onChange={({ currentTarget }) => {
            void read(currentTarget.files?.[0])
            currentTarget.value = ''
          }}
        />
      </div>
      <Input
        component="textarea"
        ref={box}
        id={id}
        multiline
        rows={14}
        wrap="off"
        spellCheck={false}
        placeholder={example}
        value={text}
        onChange={({ currentTarget }) => onText(currentTarget.value)}
        onDragEnter={() => setOver(true)}
        onDragLeave={() => setOver(false)}
        onDragOver={(event: DragEvent) => event.preventDefault()}
        onDrop={onDrop}
      />
    </div>
  )
}
