import { Button, Input } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { Card } from '../ui/card.tsx'
import { Field } from '../ui/field.tsx'
import { userCodeOf } from './user-code.ts'

const codeLength = 9

export const CodeForm = ({ code, onCode }: { code: string; onCode: (code: string) => void }) => {
  const [typed, setTyped] = useState(code)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onCode(typed)
  }
  return (
    <Card title="The code that it shows">
      <form className="form" onSubmit={submit}>
        <Field label="Code" hint="Eight letters, such as BCDF-GHJK. It ends after ten minutes.">
          {(props) => (
            <Input
              {...props}
              required
              className="device-code"
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              value={typed}
              onChange={({ currentTarget }) => setTyped(userCodeOf(currentTarget.value))}
            />
          )}
        </Field>
        <Button type="submit" size="sm" disabled={typed.length < codeLength}>
          Continue
        </Button>
      </form>
    </Card>
  )
}
